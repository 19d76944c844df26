#pragma once

// UDP with the local address of every datagram: ancillary data is macros and pointer arithmetic,
// and in6_pktinfo is hidden behind _GNU_SOURCE.

#include <endian.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/// An address in host order: IPv4 in the low 32 bits of `low`.
struct vip_ip {
    int32_t family;
    uint64_t high, low;
};

struct vip_endpoint {
    struct vip_ip ip;
    uint16_t port;
    /// Interface of a link-local IPv6 address, otherwise 0.
    uint32_t scope;
};

/// in6_pktinfo as the kernel has it.
struct vip_in6_pktinfo {
    struct in6_addr address;
    int32_t interface;
};

/// The kernel's numbers for IPV6_RECVPKTINFO, IPV6_PKTINFO and IP_PKTINFO's structure.
enum { vip_ipv6_recvpktinfo = 49, vip_ipv6_pktinfo = 50 };

/* IP_PMTUDISC_OMIT and IPV6_PMTUDISC_OMIT, which not every libc's headers have. */
enum { vip_pmtudisc_omit = 5 };

struct vip_in_pktinfo {
    int32_t interface;
    struct in_addr source;
    struct in_addr destination;
};

static inline struct in6_addr vip_in6(struct vip_ip ip) {
    struct in6_addr address;
    uint64_t halves[2] = {htobe64(ip.high), htobe64(ip.low)};
    memcpy(&address, halves, sizeof address);
    return address;
}

static inline struct vip_ip vip_ip_from_octets(int family, const void *octets) {
    struct vip_ip ip = {family, 0, 0};
    if (family == AF_INET) {
        uint32_t bits;
        memcpy(&bits, octets, sizeof bits);
        ip.low = be32toh(bits);
    } else {
        uint64_t halves[2];
        memcpy(halves, octets, sizeof halves);
        ip.high = be64toh(halves[0]);
        ip.low = be64toh(halves[1]);
    }
    return ip;
}

static inline socklen_t vip_sockaddr(const struct vip_endpoint *endpoint,
                                     struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    if (endpoint->ip.family == AF_INET) {
        struct sockaddr_in *address = (struct sockaddr_in *)storage;
        address->sin_family = AF_INET;
        address->sin_port = htobe16(endpoint->port);
        address->sin_addr.s_addr = htobe32((uint32_t)endpoint->ip.low);
        return sizeof *address;
    }
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)storage;
    address->sin6_family = AF_INET6;
    address->sin6_port = htobe16(endpoint->port);
    address->sin6_addr = vip_in6(endpoint->ip);
    address->sin6_scope_id = endpoint->scope;
    return sizeof *address;
}

static inline struct vip_endpoint vip_endpoint_from(const struct sockaddr_storage *storage) {
    struct vip_endpoint endpoint;
    memset(&endpoint, 0, sizeof endpoint);
    if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)storage;
        endpoint.ip = vip_ip_from_octets(AF_INET, &address->sin_addr);
        endpoint.port = be16toh(address->sin_port);
    } else if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)storage;
        endpoint.ip = vip_ip_from_octets(AF_INET6, &address->sin6_addr);
        endpoint.port = be16toh(address->sin6_port);
        endpoint.scope = address->sin6_scope_id;
    }
    return endpoint;
}

static inline int vip_socket(int family, int type, int protocol) {
    int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    return fd < 0 ? -errno : fd;
}

static inline int vip_set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

static inline int vip_bind(int fd, const struct vip_endpoint *endpoint) {
    struct sockaddr_storage storage;
    socklen_t length = vip_sockaddr(endpoint, &storage);
    return bind(fd, (struct sockaddr *)&storage, length) < 0 ? -errno : 0;
}

static inline int vip_get_option(int fd, int level, int option, int *value) {
    socklen_t length = sizeof *value;
    return getsockopt(fd, level, option, value, &length) < 0 ? -errno : 0;
}

/// The local end of a socket, also of one that is no internet socket: then the family tells.
static inline int vip_bound_endpoint(int fd, struct vip_endpoint *endpoint) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    memset(&storage, 0, sizeof storage);
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0)
        return -errno;
    *endpoint = vip_endpoint_from(&storage);
    return 0;
}

/// Whether the socket hears one other end only.
static inline int vip_is_connected(int fd) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    return getpeername(fd, (struct sockaddr *)&storage, &length) == 0;
}

/// A number that no other network namespace of this boot has; -ENOPROTOOPT before Linux 5.14.
static inline int vip_network_cookie(int fd, uint64_t *cookie) {
    enum { so_netns_cookie = 71 };
    socklen_t length = sizeof *cookie;
    return getsockopt(fd, SOL_SOCKET, so_netns_cookie, cookie, &length) < 0 ? -errno : 0;
}

/// How many datagrams the kernel has not given to this socket: its filter refused them, or its
/// buffer was full. It counts from the socket's beginning, in 32 bits.
static inline int64_t vip_socket_drops(int fd) {
    enum { so_meminfo = 55, drops = 8, fields = 9 };
    uint32_t values[fields];
    socklen_t length = sizeof values;
    memset(values, 0, sizeof values);
    return getsockopt(fd, SOL_SOCKET, so_meminfo, values, &length) < 0 ? -errno : values[drops];
}

/// One instruction of classic BPF, see SO_ATTACH_FILTER in socket(7).
struct vip_instruction {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t operand;
};

/// Has the kernel ask this program about each datagram before the socket gets it, in the place of
/// the one that was asked before.
static inline int vip_socket_filter(int fd, const struct vip_instruction *program, size_t count) {
    _Static_assert(sizeof(struct vip_instruction) == sizeof(struct sock_filter), "as the kernel's");
    struct sock_fprog filter = {(unsigned short)count, (struct sock_filter *)program};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ? -errno : 0;
}

/// Whether the socket has this program already.
static inline int vip_socket_has_filter(int fd, const struct vip_instruction *program,
                                        size_t count) {
    enum { most = 64 };
    struct sock_filter found[most];
    // A filter's length is counted in instructions, here and in the answer.
    socklen_t length = most;
    if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, found, &length) < 0 || length != count)
        return 0;
    return memcmp(found, program, count * sizeof found[0]) == 0;
}

/// Length of the datagram, which is greater than `capacity` when it was cut.
static inline ssize_t vip_datagram_receive(int fd, void *octets, size_t capacity,
                                           struct vip_endpoint *source, struct vip_ip *local,
                                           uint32_t *interface) {
    struct sockaddr_storage storage;
    union {
        char octets[CMSG_SPACE(sizeof(struct vip_in6_pktinfo)) +
                    CMSG_SPACE(sizeof(struct vip_in_pktinfo))];
        struct cmsghdr alignment;
    } control;
    struct iovec vector = {octets, capacity};
    struct msghdr message = {&storage, sizeof storage,         &vector, 1,
                             &control, sizeof control.octets, 0};
    memset(&storage, 0, sizeof storage);
    ssize_t count = recvmsg(fd, &message, MSG_TRUNC);
    if (count < 0)
        return -errno;
    *source = vip_endpoint_from(&storage);
    memset(local, 0, sizeof *local);
    *interface = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != 0;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct vip_in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            *local = vip_ip_from_octets(AF_INET, &info.destination);
            *interface = (uint32_t)info.interface;
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == vip_ipv6_pktinfo) {
            struct vip_in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            *local = vip_ip_from_octets(AF_INET6, &info.address);
            *interface = (uint32_t)info.interface;
        }
    }
    return count;
}

/// Sends from `local`, or from what routing chooses where its family is 0.
static inline int vip_datagram_send(int fd, const void *octets, size_t count,
                                    const struct vip_ip *local,
                                    const struct vip_endpoint *destination) {
    struct sockaddr_storage storage;
    union {
        char octets[CMSG_SPACE(sizeof(struct vip_in6_pktinfo))];
        struct cmsghdr alignment;
    } control;
    struct iovec vector = {(void *)octets, count};
    struct msghdr message = {&storage, vip_sockaddr(destination, &storage), &vector, 1, 0, 0, 0};
    memset(&control, 0, sizeof control);
    struct cmsghdr *header = &control.alignment;
    if (local->family == AF_INET) {
        struct vip_in_pktinfo info = {0, {htobe32((uint32_t)local->low)}, {0}};
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof info);
    } else if (local->family == AF_INET6) {
        struct vip_in6_pktinfo info = {vip_in6(*local), (int32_t)destination->scope};
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = vip_ipv6_pktinfo;
        header->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(header), &info, sizeof info);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof info);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}
