#pragma once

// rtnetlink: questions and their answers, and what the kernel tells of its own accord. What the
// messages say is read and written with the objects of libnl-route (rtnl_addr, rtnl_link) by those
// who ask. Here is what version 3.7 of libnl, Debian 12's, does not have, beside a bound for all
// that it does: the kernel's own words about a refusal (NETLINK_EXT_ACK), the error at the end of
// a list, and senders other than the kernel.

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/object.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stddef.h>
#include <stdint.h>

/// IFA_PROTO (Linux 5.18), which says whose an address is, by its number: neither libnl 3.7 nor
/// Debian 12's headers know it.
static const int32_t vip_ifa_proto = 11;

/// IFA_F_MCAUTOJOIN (Linux 4.1), and what an interface's other names come in (5.5), which libnl 3.7
/// does not know either.
enum { vip_join_flag = 0x400 };
static const int32_t vip_ifla_prop_list = 52, vip_ifla_alt_ifname = 53;

/// An rtnetlink socket.
struct vip_route;

/// Called for each message. The message is libnl's, and gone afterwards.
typedef void (*vip_route_visitor)(struct nl_msg *message, void *context);

/// NULL with the negated errno where there is none.
///
/// - patience: milliseconds that an answer is waited for.
struct vip_route *vip_route_open(int receive_buffer, int patience, int *failure);
void vip_route_close(struct vip_route *route);
int vip_route_fd(const struct vip_route *route);

/// Sends a question, frees it, and reads its answer to the end. 0, or the negated errno: the
/// kernel's, with its words in `text` if it has any; -EINTR for a list that changed while it was
/// made; -ETIMEDOUT for no answer. An answer that comes after its question was given up is not
/// taken for another's: by its number, and the socket is made anew.
int vip_route_ask(struct vip_route *route, struct nl_msg *question, vip_route_visitor visit,
                  void *context, char *text, size_t capacity);

/// From now on the socket hears of these RTNLGRP_… groups, and does not wait for them.
int vip_route_subscribe(struct vip_route *route, const int32_t *groups, int count);

/// One read of what the kernel has told. 0; -EAGAIN where there is nothing; -ENOBUFS or -EMSGSIZE
/// where something was lost; or another negated errno.
int vip_route_listen(struct vip_route *route, vip_route_visitor visit, void *context);

/// The object of libnl-route that a message carries, to be given back with nl_object_put; NULL
/// where the library can't read it.
struct nl_object *vip_route_object(struct nl_msg *message);

/// The interface whose clsact or ingress qdisc, or a filter there, the message is about; 0 where it
/// is about anything else.
int32_t vip_clsact_interface(const struct nlmsghdr *message);
