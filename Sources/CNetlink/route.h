#pragma once

// rtnetlink. libnl makes the sockets, builds the messages and walks the attributes. Its own objects
// for addresses are not used: those of version 3.7 know neither IFA_PROTO, which says whose an
// address is, nor the kernel's own words in an error (NETLINK_EXT_ACK).

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "datagram.h"

/// IFA_PROTO (Linux 5.18), by its number: Debian 12's headers may be older than the kernel.
enum { vip_ifa_proto = 11 };

/// IFA_F_MCAUTOJOIN (Linux 4.1), and what an interface's other names come in (5.5), likewise.
enum { vip_join_flag = 0x400, vip_ifla_prop_list = 52, vip_ifla_alt_ifname = 53 };

/// An address as RTM_NEWADDR carries it.
struct vip_address {
    struct vip_ip ip;
    /// The other end's, of family 0 where there is none.
    struct vip_ip peer;
    int32_t interface;
    uint8_t prefix, scope, protocol;
    uint32_t flags;
    /// Seconds; UINT32_MAX is for ever.
    uint32_t valid, preferred;
};

/// A link as RTM_NEWLINK carries it.
struct vip_link {
    int32_t interface;
    /// The link that it belongs to, a bridge, a bond or a VRF; 0 if there is none.
    int32_t master;
    uint32_t flags;
    uint16_t type;
    uint8_t operational_state;
    /// 0 or 1, or -1 where the kernel did not say.
    int8_t carrier;
    /// The low 48 bits; -1 where the link's addresses are not six octets long.
    int64_t mac;
    uint32_t mtu;
    char name[16];
    /// IFLA_INFO_KIND, such as "veth"; empty for hardware.
    char kind[16];
    /// Its other names (IFLA_ALT_IFNAME), each with its zero, and a zero behind the last; those
    /// that don't fit are left out. They have at most 127 octets each.
    char alternatives[1024];
};

/// What is asked of the kernel about an address.
enum vip_address_question { vip_address_remove, vip_address_add, vip_address_try };

static inline int vip_route_fd(struct nl_sock *socket) { return nl_socket_get_fd(socket); }

/// A connected rtnetlink socket, or NULL with the negated errno.
static inline struct nl_sock *vip_route_open(int receive_buffer, int *failure) {
    struct nl_sock *socket = nl_socket_alloc();
    if (socket == 0) {
        *failure = -ENOMEM;
        return 0;
    }
    errno = 0;
    int result = nl_connect(socket, NETLINK_ROUTE);
    if (result < 0) {
        *failure = errno != 0 ? -errno : -EPROTO;
        nl_socket_free(socket);
        return 0;
    }
    nl_socket_disable_seq_check(socket);
    int fd = nl_socket_get_fd(socket);
    vip_set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    vip_set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    // Past the limit of rmem_max with CAP_NET_ADMIN, up to it without.
    if (vip_set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer) < 0)
        vip_set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    return socket;
}

static inline int vip_route_set_timeout(struct nl_sock *socket, int milliseconds) {
    struct timeval timeout = {milliseconds / 1000, milliseconds % 1000 * 1000};
    int fd = nl_socket_get_fd(socket);
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ? -errno : 0;
}

/// From now on the socket hears of these RTNLGRP_… groups, and does not wait for them.
static inline int vip_route_subscribe(struct nl_sock *socket, const int32_t *groups,
                                      int count) {
    for (int index = 0; index < count; index++) {
        if (nl_socket_add_membership(socket, groups[index]) < 0)
            return errno != 0 ? -errno : -EPROTO;
    }
    return nl_socket_set_nonblocking(socket) < 0 ? -EPROTO : 0;
}

/// Sends and frees the message; its sequence number, or the negated errno.
static inline int64_t vip_route_send(struct nl_sock *socket, struct nl_msg *message) {
    errno = 0;
    int result = nl_send_auto(socket, message);
    int64_t sequence = nlmsg_hdr(message)->nlmsg_seq;
    nlmsg_free(message);
    if (result < 0)
        return errno != 0 ? -errno : -EPROTO;
    return sequence;
}

/// `vip_address_try` asks in a way that the kernel never grants: to join the multicast group of an
/// address that is none, which it finds out last, after all other reasons to refuse.
static inline int64_t vip_address_request(struct nl_sock *socket,
                                          enum vip_address_question question,
                                          const struct vip_address *address) {
    int add = question != vip_address_remove;
    int how = question == vip_address_add   ? NLM_F_CREATE | NLM_F_REPLACE
              : question == vip_address_try ? NLM_F_CREATE | NLM_F_EXCL
                                            : 0;
    uint32_t flags = address->flags | (question == vip_address_try ? vip_join_flag : 0);
    struct nl_msg *message = nlmsg_alloc_simple(add ? RTM_NEWADDR : RTM_DELADDR, how);
    if (message == 0)
        return -ENOMEM;
    struct ifaddrmsg body = {(uint8_t)address->ip.family, address->prefix,
                             (uint8_t)(address->flags & 0xff), address->scope,
                             (uint32_t)address->interface};
    uint32_t bits = htobe32((uint32_t)address->ip.low);
    struct in6_addr wide = vip_in6(address->ip);
    int is_v4 = address->ip.family == AF_INET;
    uint32_t peer_bits = htobe32((uint32_t)address->peer.low);
    struct in6_addr peer_wide = vip_in6(address->peer);
    const void *octets = is_v4 ? (const void *)&bits : (const void *)&wide;
    const void *peer = address->peer.family == 0 ? octets
                       : is_v4                   ? (const void *)&peer_bits
                                                 : (const void *)&peer_wide;
    int length = is_v4 ? 4 : 16;
    int failed = nlmsg_append(message, &body, sizeof body, NLMSG_ALIGNTO) < 0 ||
                 nla_put(message, IFA_LOCAL, length, octets) < 0 ||
                 nla_put(message, IFA_ADDRESS, length, peer) < 0;
    if (add) {
        struct ifa_cacheinfo lifetimes = {address->preferred, address->valid, 0, 0};
        failed = failed || nla_put(message, IFA_CACHEINFO, sizeof lifetimes, &lifetimes) < 0 ||
                 nla_put_u32(message, IFA_FLAGS, flags) < 0 ||
                 nla_put_u8(message, vip_ifa_proto, address->protocol) < 0;
    }
    if (failed) {
        nlmsg_free(message);
        return -EMSGSIZE;
    }
    return vip_route_send(socket, message);
}

/// Asks for all addresses or links (`type` RTM_GETADDR or RTM_GETLINK).
static inline int64_t vip_dump_request(struct nl_sock *socket, int type) {
    struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_DUMP);
    if (message == 0)
        return -ENOMEM;
    struct ifinfomsg link;
    struct ifaddrmsg address;
    memset(&link, 0, sizeof link);
    memset(&address, 0, sizeof address);
    int failed = type == RTM_GETLINK
                     ? nlmsg_append(message, &link, sizeof link, NLMSG_ALIGNTO) < 0
                     : nlmsg_append(message, &address, sizeof address, NLMSG_ALIGNTO) < 0;
    // The counters of virtual functions make a dump of links large, and nobody here reads them.
    failed = failed || (type == RTM_GETLINK &&
                        nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0);
    if (failed) {
        nlmsg_free(message);
        return -EMSGSIZE;
    }
    return vip_route_send(socket, message);
}

/// One read of messages from the kernel; anything that others send is discarded as -ENOMSG.
static inline ssize_t vip_route_receive(struct nl_sock *socket, void *octets, size_t capacity) {
    struct sockaddr_nl source;
    socklen_t length = sizeof source;
    ssize_t count = recvfrom(nl_socket_get_fd(socket), octets, capacity, MSG_TRUNC,
                             (struct sockaddr *)&source, &length);
    if (count < 0)
        return -errno;
    if (source.nl_pid != 0)
        return -ENOMSG;
    return (size_t)count > capacity ? -EMSGSIZE : count;
}

/// The errno of an acknowledgment, negated or 0, and what the kernel says about it.
static inline int vip_error_result(struct nlmsghdr *header, char *text, size_t capacity) {
    text[0] = 0;
    if (nlmsg_datalen(header) < (int)sizeof(struct nlmsgerr))
        return -EBADMSG;
    struct nlmsgerr *body = (struct nlmsgerr *)nlmsg_data(header);
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
        int used = sizeof *body;
        if ((header->nlmsg_flags & NLM_F_CAPPED) == 0)
            used += (int)(body->msg.nlmsg_len - sizeof body->msg);
        struct nlattr *attribute = 0;
        if (used >= 0 && used <= nlmsg_datalen(header))
            attribute = nla_find((struct nlattr *)((char *)nlmsg_data(header) + NLMSG_ALIGN(used)),
                                 nlmsg_datalen(header) - NLMSG_ALIGN(used), NLMSGERR_ATTR_MSG);
        if (attribute != 0)
            nla_strlcpy(text, attribute, capacity);
    }
    return body->error;
}

/// 0, or -EBADMSG where the message is not whole.
static inline int vip_address_parse(struct nlmsghdr *header, struct vip_address *address) {
    struct nlattr *attributes[vip_ifa_proto + 1];
    memset(address, 0, sizeof *address);
    if (nlmsg_parse(header, sizeof(struct ifaddrmsg), attributes, vip_ifa_proto, 0) < 0)
        return -EBADMSG;
    struct ifaddrmsg *body = (struct ifaddrmsg *)nlmsg_data(header);
    // With a point-to-point peer IFA_ADDRESS is the other end's.
    struct nlattr *octets =
        attributes[IFA_LOCAL] != 0 ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    int length = body->ifa_family == AF_INET ? 4 : body->ifa_family == AF_INET6 ? 16 : -1;
    if (octets == 0 || nla_len(octets) != length)
        return -EBADMSG;
    address->ip = vip_ip_from_octets(body->ifa_family, nla_data(octets));
    struct nlattr *other = attributes[IFA_ADDRESS];
    if (other != 0 && nla_len(other) == length &&
        memcmp(nla_data(other), nla_data(octets), (size_t)length) != 0)
        address->peer = vip_ip_from_octets(body->ifa_family, nla_data(other));
    address->interface = (int32_t)body->ifa_index;
    address->prefix = body->ifa_prefixlen;
    address->scope = body->ifa_scope;
    address->flags = body->ifa_flags;
    address->valid = address->preferred = UINT32_MAX;
    if (attributes[IFA_FLAGS] != 0 && nla_len(attributes[IFA_FLAGS]) == 4)
        address->flags = nla_get_u32(attributes[IFA_FLAGS]);
    if (attributes[vip_ifa_proto] != 0 && nla_len(attributes[vip_ifa_proto]) == 1)
        address->protocol = nla_get_u8(attributes[vip_ifa_proto]);
    if (attributes[IFA_CACHEINFO] != 0 &&
        nla_len(attributes[IFA_CACHEINFO]) >= (int)sizeof(struct ifa_cacheinfo)) {
        struct ifa_cacheinfo *lifetimes =
            (struct ifa_cacheinfo *)nla_data(attributes[IFA_CACHEINFO]);
        address->valid = lifetimes->ifa_valid;
        address->preferred = lifetimes->ifa_prefered;
    }
    return 0;
}

static inline void vip_alternatives_parse(struct nlmsghdr *header, struct vip_link *link) {
    struct nlattr *list = nlmsg_find_attr(header, sizeof(struct ifinfomsg), vip_ifla_prop_list);
    if (list == 0)
        return;
    struct nlattr *property;
    int left;
    size_t used = 0;
    nla_for_each_nested(property, list, left) {
        size_t room = sizeof link->alternatives - 1 - used;
        if (nla_type(property) != vip_ifla_alt_ifname || nla_len(property) < 2 ||
            (size_t)nla_len(property) > room)
            continue;
        used += nla_strlcpy(link->alternatives + used, property, room) + 1;
    }
}

static inline int vip_link_parse(struct nlmsghdr *header, struct vip_link *link) {
    struct nlattr *attributes[IFLA_MAX + 1];
    memset(link, 0, sizeof *link);
    if (nlmsg_parse(header, sizeof(struct ifinfomsg), attributes, IFLA_MAX, 0) < 0 ||
        attributes[IFLA_IFNAME] == 0)
        return -EBADMSG;
    // An event of a wireless driver: it has the name and nothing else of the link.
    if (attributes[IFLA_WIRELESS] != 0)
        return -EBADMSG;
    struct ifinfomsg *body = (struct ifinfomsg *)nlmsg_data(header);
    // A bridge tells the same group about its ports, with its own family: an RTM_DELLINK of that
    // kind is a port that was taken out, not a link that is gone.
    if (body->ifi_family != AF_UNSPEC)
        return -EBADMSG;
    link->interface = body->ifi_index;
    link->flags = body->ifi_flags;
    link->type = body->ifi_type;
    link->mac = -1;
    link->carrier = -1;
    nla_strlcpy(link->name, attributes[IFLA_IFNAME], sizeof link->name);
    if (attributes[IFLA_OPERSTATE] != 0 && nla_len(attributes[IFLA_OPERSTATE]) == 1)
        link->operational_state = nla_get_u8(attributes[IFLA_OPERSTATE]);
    if (attributes[IFLA_CARRIER] != 0 && nla_len(attributes[IFLA_CARRIER]) == 1)
        link->carrier = nla_get_u8(attributes[IFLA_CARRIER]) != 0;
    if (attributes[IFLA_MASTER] != 0 && nla_len(attributes[IFLA_MASTER]) == 4)
        link->master = (int32_t)nla_get_u32(attributes[IFLA_MASTER]);
    if (attributes[IFLA_ADDRESS] != 0 && nla_len(attributes[IFLA_ADDRESS]) == 6) {
        const uint8_t *octets = (const uint8_t *)nla_data(attributes[IFLA_ADDRESS]);
        link->mac = 0;
        for (int index = 0; index < 6; index++)
            link->mac = link->mac << 8 | octets[index];
    }
    if (attributes[IFLA_MTU] != 0 && nla_len(attributes[IFLA_MTU]) == 4)
        link->mtu = nla_get_u32(attributes[IFLA_MTU]);
    vip_alternatives_parse(header, link);
    struct nlattr *information[IFLA_INFO_MAX + 1];
    if (attributes[IFLA_LINKINFO] != 0 &&
        nla_parse_nested(information, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], 0) == 0 &&
        information[IFLA_INFO_KIND] != 0)
        nla_strlcpy(link->kind, information[IFLA_INFO_KIND], sizeof link->kind);
    return 0;
}

/// The interface whose clsact or ingress qdisc, or a filter there, the message is about; 0 where it
/// is about anything else.
static inline int32_t vip_clsact_interface(struct nlmsghdr *header) {
    int is_qdisc = header->nlmsg_type == RTM_NEWQDISC || header->nlmsg_type == RTM_DELQDISC;
    int is_filter = header->nlmsg_type == RTM_NEWTFILTER ||
                    header->nlmsg_type == RTM_DELTFILTER || header->nlmsg_type == RTM_NEWCHAIN ||
                    header->nlmsg_type == RTM_DELCHAIN;
    if ((!is_qdisc && !is_filter) || nlmsg_datalen(header) < (int)sizeof(struct tcmsg))
        return 0;
    struct tcmsg *body = (struct tcmsg *)nlmsg_data(header);
    // Both kinds have this handle, and filters at them are in its range.
    uint32_t handle = is_qdisc ? body->tcm_handle : body->tcm_parent;
    return TC_H_MAJ(handle) == TC_H_MAJ(TC_H_INGRESS) ? body->tcm_ifindex : 0;
}
