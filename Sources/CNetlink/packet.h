#pragma once

// AF_PACKET: sockaddr_ll and ioctl, which is variadic.

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/// Protocol 0: the socket is never handed a frame, so there is no queue to overrun.
static inline int vip_packet_socket(void) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

static inline int vip_packet_send(int fd, int interface, const void *frame, size_t count) {
    struct sockaddr_ll address;
    memset(&address, 0, sizeof address);
    address.sll_family = AF_PACKET;
    address.sll_ifindex = interface;
    address.sll_halen = ETH_ALEN;
    memcpy(address.sll_addr, frame, ETH_ALEN);
    memcpy(&address.sll_protocol, (const char *)frame + 2 * ETH_ALEN, 2);
    ssize_t sent = sendto(fd, frame, count, MSG_DONTWAIT | MSG_NOSIGNAL,
                          (struct sockaddr *)&address, sizeof address);
    return sent < 0 ? -errno : 0;
}

/// The MAC address as it is now, in the low 48 bits; -EPROTONOSUPPORT where the interface is not
/// Ethernet.
static inline int64_t vip_interface_mac(int fd, int interface) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_ifindex = interface;
    if (ioctl(fd, SIOCGIFNAME, &request) < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        return -errno;
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        return -EPROTONOSUPPORT;
    int64_t bits = 0;
    for (int index = 0; index < ETH_ALEN; index++)
        bits = bits << 8 | (uint8_t)request.ifr_hwaddr.sa_data[index];
    return bits;
}
