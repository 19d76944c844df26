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
#include <unistd.h>

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

/// What a packet socket has received: where, and from whom.
struct vip_packet_source {
    int32_t interface;
    /// In the low 48 bits; negative where the link's addresses are not Ethernet's.
    int64_t mac;
};

/// From now on the packet socket hears this protocol on every interface. Said again, it changes
/// nothing.
static inline int vip_packet_listen(int fd, uint16_t protocol) {
    struct sockaddr_ll address;
    memset(&address, 0, sizeof address);
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(protocol);
    return bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

static inline ssize_t vip_packet_receive(int fd, void *octets, size_t capacity,
                                         struct vip_packet_source *source) {
    struct sockaddr_ll address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    ssize_t count = recvfrom(fd, octets, capacity, MSG_DONTWAIT, (struct sockaddr *)&address,
                             &length);
    if (count < 0)
        return -errno;
    source->interface = address.sll_ifindex;
    source->mac = -1;
    if (address.sll_hatype == ARPHRD_ETHER && address.sll_halen == ETH_ALEN) {
        source->mac = 0;
        for (int index = 0; index < ETH_ALEN; index++)
            source->mac = source->mac << 8 | address.sll_addr[index];
    }
    return count;
}

/// A raw socket that gets the Neighbor Solicitations and Advertisements that this host receives,
/// from their ICMPv6 header on, with the interface beside them.
static inline int vip_neighbor_socket(void) {
    int fd = vip_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    if (fd < 0)
        return fd;
    // Types that are blocked; ICMP6_FILTER is option 1 of that protocol.
    uint32_t blocked[8];
    memset(blocked, 0xff, sizeof blocked);
    blocked[135 / 32] &= ~(1u << 135 % 32);
    blocked[136 / 32] &= ~(1u << 136 % 32);
    if (setsockopt(fd, IPPROTO_ICMPV6, 1, blocked, sizeof blocked) < 0 ||
        vip_set_option(fd, IPPROTO_IPV6, vip_ipv6_recvpktinfo, 1) < 0) {
        int failure = errno;
        close(fd);
        return -failure;
    }
    return fd;
}
