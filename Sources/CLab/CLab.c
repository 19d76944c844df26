#define _GNU_SOURCE

#include "CLab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int clab_enter_network_namespace(int descriptor)
{
    return setns(descriptor, CLONE_NEWNET);
}

int clab_close_from(void *actions, int first)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clab_packet_socket(const char *interface, uint16_t ethertype)
{
    int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;

    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ethertype),
        .sll_ifindex = (int)if_nametoindex(interface),
    };
    if (address.sll_ifindex == 0 ||
        bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        int failure = errno;
        close(descriptor);
        errno = failure;
        return -1;
    }
    return descriptor;
}

int clab_address_changes(void)
{
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (descriptor < 0)
        return -1;

    struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        int failure = errno;
        close(descriptor);
        errno = failure;
        return -1;
    }
    return descriptor;
}

int clab_set_interface_up(int socket, const char *interface, int up)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
    if (ioctl(socket, SIOCGIFFLAGS, &request) < 0)
        return -1;
    if (up)
        request.ifr_flags |= IFF_UP;
    else
        request.ifr_flags &= ~IFF_UP;
    return ioctl(socket, SIOCSIFFLAGS, &request);
}

int clab_tell_destination(int socket, int ipv6)
{
    int on = 1;
    return ipv6 ? setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
                : setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

long clab_echo(int socket, const void *suffix, unsigned long length)
{
    char data[2048];
    _Alignas(struct cmsghdr) char control[256];
    struct sockaddr_storage asker;
    struct iovec parts[2] = {{data, sizeof data}, {(void *)suffix, length}};
    struct msghdr message = {
        .msg_name = &asker,
        .msg_namelen = sizeof asker,
        .msg_iov = parts,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t received = recvmsg(socket, &message, 0);
    if (received < 0)
        return received;
    parts[0].iov_len = (size_t)received;
    message.msg_iovlen = 2;
    message.msg_flags = 0;
    return sendmsg(socket, &message, 0);
}
