#define _GNU_SOURCE

#include "CLab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int clab_enter_network_namespace(int descriptor)
{
    return setns(descriptor, CLONE_NEWNET);
}

int clab_close_from(void *actions, int first)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/* Takes over the descriptor: closes it if that fails. */
static int bind_packet_socket(int descriptor, const char *interface, uint16_t ethertype)
{
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

int clab_packet_socket(const char *interface, uint16_t ethertype)
{
    int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -1 : bind_packet_socket(descriptor, interface, ethertype);
}

int clab_arrivals_socket(const char *interface, int relays)
{
    int on = 1;
    int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    /* What was left to the card to compute travels as a note, or receivers find it wrong. */
    if ((relays && setsockopt(descriptor, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0) ||
        setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0) {
        int failure = errno;
        close(descriptor);
        errno = failure;
        return -1;
    }
    return bind_packet_socket(descriptor, interface, ETH_P_ALL);
}

int clab_take_advertisements_only(int socket)
{
    /* Next header 58 at octet 20, type 136 at octet 54. */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int clab_stamp_frames(int socket)
{
    int on = 1;
    int room = 16 << 20;
    return setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0
               ? -1
               : setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
}

static int64_t nanoseconds(struct timespec time)
{
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

long clab_receive_stamped(int socket, void *buffer, unsigned long size, int64_t *stamp)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec part = {buffer, size};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT);
    if (received < 0)
        return received;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS) {
        errno = ENODATA;
        return -1;
    }
    /* The kernel's stamp is of the wall clock, which may be set: only its age is used. */
    struct timespec came, wall, steady;
    memcpy(&came, CMSG_DATA(header), sizeof came);
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &steady);
    *stamp = nanoseconds(steady) - (nanoseconds(wall) - nanoseconds(came));
    return received;
}

long clab_lost_frames(int socket)
{
    struct tpacket_stats statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0)
        return -1;
    return statistics.tp_drops;
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

/* Runs in the child of vfork, which shares the parent's memory: system calls only. */
static void become_service(
    char *const arguments[], char *const environment[], int null, int log, const int *high,
    int count)
{
    struct sigaction ordinary = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < _NSIG; signal++)
        sigaction(signal, &ordinary, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    for (int index = 0; index < count; index++)
        dup2(high[index], 3 + index);
    close_range(3 + (unsigned)count, ~0U, 0);
    execve(arguments[0], arguments, environment);
    _exit(127);
}

/* The most descriptors that a service may have stored, as in systemd's default for a generous
 * FileDescriptorStoreMax. */
enum { MOST_INHERITED = 128 };

int clab_start_service(
    char *const arguments[], char *const environment[], int log, const int *inherited, int count)
{
    if (count > MOST_INHERITED) {
        errno = E2BIG;
        return -1;
    }
    /* Above all places that they go to, so that none overwrites another. */
    int high[MOST_INHERITED + 2];
    int made = 0;
    int process = -1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (; null >= 0 && made < count + 2; made++) {
        int from = made < count ? inherited[made] : made == count ? null : log;
        high[made] = fcntl(from, F_DUPFD_CLOEXEC, 3 + MOST_INHERITED);
        if (high[made] < 0)
            break;
    }
    if (null >= 0 && made == count + 2) {
        char *number = NULL;
        for (int index = 0; environment[index]; index++)
            if (strncmp(environment[index], "LISTEN_PID=", 11) == 0)
                number = environment[index] + 11;
        process = vfork();
        if (process == 0) {
            if (number)
                snprintf(number, 11, "%d", getpid());
            become_service(arguments, environment, high[count], high[count + 1], high, count);
        }
    }
    int failure = errno;
    while (made > 0)
        close(high[--made]);
    if (null >= 0)
        close(null);
    errno = failure;
    return process;
}

int clab_process_descriptor(int process)
{
    return pidfd_open(process, 0);
}

int clab_notification_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        int failure = errno;
        close(descriptor);
        errno = failure;
        return -1;
    }
    return descriptor;
}

long clab_receive_notification(
    int socket, void *buffer, unsigned long size, int *descriptors, int most, int *count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253)];
    struct iovec part = {buffer, size};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    *count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0)
        return received;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        int found = (int)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int index = 0; index < found; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(part) + index * sizeof(int), sizeof descriptor);
            if (*count < most)
                descriptors[(*count)++] = descriptor;
            else
                close(descriptor);
        }
    }
    return received;
}

int clab_hold_thread(int thread)
{
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, thread, 0, 0) < 0)
        return -1;
    int status;
    while (waitpid(thread, &status, __WALL) < 0)
        if (errno != EINTR)
            return -1;
    return 0;
}

int clab_release_thread(int thread)
{
    return (int)ptrace(PTRACE_DETACH, thread, 0, 0);
}
