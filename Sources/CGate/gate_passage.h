// Frames of others that this host only passes on. Part of gate.bpf.c, whose head has the argument.
//
// A frame takes a note along from where it arrives to where it leaves, in skb->tc_index, which
// nobody else writes between. Every frame that arrives gets a new one, mostly 0.
// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only

#ifndef GATE_PASSAGE_H
#define GATE_PASSAGE_H

#include "gate_frame.h"

// What a note says. The gates of other network namespaces, whose frames may bring theirs along, have
// another signature.
//
//     0      nothing: this host has made it, or it is neither IP nor ARP
//     1      it could not be read to its end when it came in
//     2nnn   it came in from none of our addresses and for no closed one (nnn: our signature)
//     3ttt   it came in from one of our addresses (ttt: its tag), and may be for this host
//     4, 5   it is ARP, and only bridged: tag of its sender, of 13 bits
//     6nnn   it came in for a closed address, and could not be read to its end
//     7nnn   it came in for a closed address
//     8+     it came in from one of our addresses, and is only passing: tag of 14 bits; with 4000,
//            it was for a closed address, too
//
// Whether the address is closed that a frame came in *from* is asked only when it leaves, since
// reading the clock is dear and most frames stay. The sender of ARP is not even looked up.
enum {
    NOTE_NOTHING = 0,
    NOTE_UNREAD = 1,
    NOTE_SEEN = 0x2000,
    NOTE_FROM = 0x3000,
    NOTE_ARP = 0x4000,
    NOTE_BOUND_UNREAD = 0x6000,
    NOTE_BOUND = 0x7000,
    NOTE_PASSING = 0x8000,
    NOTE_ALSO_BOUND = 0x4000,
    NOTE_KIND = 0xf000,
    NOTE_VALUE = 0x0fff,
    NOTE_TAG = 0x3fff,
    NOTE_ARP_TAG = 0x1fff,
};

// What the address in a frame is: the source of a packet of that protocol (0 to 255), or this.
enum { IN_DISCOVERY = 256 };

// `number` is an address in this host's order. Two that are alike but for their last 12 bits have
// different tags.
PART __u32 make_tag(__u32 number, __u32 rest, __u32 what) {
    rest ^= number >> 14 ^ what << 18;
    return (number ^ rest * 0x9e3779b1 >> 18) & NOTE_TAG;
}

PART __u32 tag4(__u32 address, __u32 what) { return make_tag(WIRE32(address), 0, what); }

PART __u32 tag6(const struct address6 *address, __u32 what) {
    __u32 rest = address->words[0];
    rest = rest * 0x85ebca6b ^ address->words[1];
    rest = rest * 0x85ebca6b ^ address->words[2];
    return make_tag(WIRE32(address->words[3]), rest * 0x85ebca6b, what);
}

// The note of ARP: of the sender's address at both places where receivers look for it. Two senders
// that are alike but for their last 13 bits have different notes.
PART __u32 note_of_arp(__u32 sender, __u32 elsewhere) {
    __u32 number = WIRE32(sender);
    __u32 rest = number >> 13 ^ (sender ^ elsewhere) * 0x85ebca6b;
    return NOTE_ARP | ((number ^ rest * 0x9e3779b1 >> 19) & NOTE_ARP_TAG);
}

// By chance, once for each gate.
PART __u32 signature(void) {
    __u32 slot = CGATE_UNREAD;
    __u64 *group = bpf_map_lookup_elem(&gate1_groups, &slot);
    return group ? *group & NOTE_VALUE : 0;
}

PART void write_note(struct frame *frame, __u32 note) {
    if (frame->note != note) frame->note = note;
}

// Only a frame that arrived has one: what this host has made has none, nor what it has put into a
// tunnel.
PART __u32 read_note(const struct frame *frame) {
    return frame->came_in ? frame->note : NOTE_NOTHING;
}

// Whether the frame came in saying just this of one of our addresses, and was only passing.
PART int is_passing_from(__u32 note, __u32 tag) {
    return note & NOTE_PASSING && (note & NOTE_TAG) == tag;
}

// Whether the frame came in for a closed address.
PART int was_bound(__u32 note) {
    if (note & NOTE_PASSING) return note & NOTE_ALSO_BOUND;
    if ((note & NOTE_KIND) != NOTE_BOUND && (note & NOTE_KIND) != NOTE_BOUND_UNREAD) return 0;
    return (note & NOTE_VALUE) == signature();
}

// The note that the same frame got at an interface below: at a bridge's port, for instance. That of
// a packet on a link without a header is of what was around it in a tunnel.
PART __u32 note_below(const struct frame *frame, enum origin origin) {
    return origin == FRAME ? frame->note : NOTE_NOTHING;
}

// Whether the frame could not be read to its end when it came in.
PART int was_unread(__u32 note) {
    return note == NOTE_UNREAD
           || ((note & NOTE_KIND) == NOTE_BOUND_UNREAD && (note & NOTE_VALUE) == signature());
}

// Whether a gate below this interface, on a port of a bridge, has seen it from another address.
PART int was_from_another(__u32 note, __u32 tag) {
    if (note & NOTE_PASSING) return (note & NOTE_TAG) != tag;
    switch (note & NOTE_KIND) {
    case NOTE_FROM:
        return (note & NOTE_VALUE) != (tag & NOTE_VALUE);
    case NOTE_SEEN:
    case NOTE_BOUND_UNREAD:
    case NOTE_BOUND:
        return (note & NOTE_VALUE) == signature();
    default:
        return note != NOTE_NOTHING;
    }
}

// Whether it came in for a closed address and is now for none that the gate has: this host has taken
// it, and hands it to whoever is to answer.
PART int is_diverted(__u32 note, void *addresses, const void *destination) {
    return was_bound(note) && !bpf_map_lookup_elem(addresses, destination);
}

// As struct bpf_fib_lookup, which differs as struct __sk_buff does.
struct route {
    __u8 family, protocol;
    __u16 source_port, destination_port;
    __u16 length;
    __u32 interface;
    __u32 traffic; // IPv4: type of service; IPv6: traffic class and flow label
    struct address6 source, destination;
    __u32 unused[4];
};

_Static_assert(sizeof(struct route) == 64, "a route is not what the kernel expects");

enum { INET = 2, INET6 = 10, LOOPBACK = 1 };

// BPF_FIB_LKUP_RET_…: there is a way to it. All others say that this host keeps it, or drops it.
enum { ROUTE_FOUND = 0, ROUTE_WITHOUT_NEIGHBOUR = 7, ROUTE_WITH_SMALL_MTU = 8 };

// Backwards, for the same reason as in `way`.
PART void copy6(struct address6 *to, const struct address6 *from) {
#pragma clang loop unroll(full)
    for (int word = 3; word >= 0; word--) *(volatile __u32 *)&to->words[word] = from->words[word];
}

// By which interface the kernel would forward a packet that has arrived here; 0 if it would not:
// the destination is this host's, there is no way, or nothing is forwarded from this interface.
PART __u32 way(struct frame *frame, struct route *route, __u8 family) {
    // Last of all: a kernel before 6.13 lets a process without CAP_PERFMON write nothing more into
    // eight octets that begin with a number which it knows bounds of.
    *(volatile __u32 *)&route->interface = frame->interface;
    *(volatile __u8 *)&route->family = family;
    switch (bpf_fib_lookup((void *)frame, (void *)route, sizeof *route, 0)) {
    case ROUTE_FOUND:
    case ROUTE_WITHOUT_NEIGHBOUR:
    case ROUTE_WITH_SMALL_MTU:
        return route->interface == LOOPBACK ? 0 : route->interface;
    default:
        return 0;
    }
}

// Whether it comes from outside. Of higher numbers are those that this host has sent to a group,
// and gets itself.
PART int is_from_outside(const struct frame *frame) { return frame->station <= OTHER_STATION; }

// Whether it is for another station, or a group of them: IP routes none of these.
PART int is_bridged(const struct frame *frame) {
    return is_from_outside(frame) && frame->station != THIS_STATION;
}

// Whether it is for no group. If IP does not take it, a bridge or a VLAN may: they have gates
// themselves.
PART int is_for_one(const struct frame *frame) {
    return frame->station == OTHER_STATION || frame->station == THIS_STATION;
}

// Whether IP takes it here. Only then a route is looked for, which is dear.
PART int is_for_ip(const struct frame *frame, int is_tagged) {
    return frame->station == THIS_STATION && !is_tagged;
}

// Whether IP only passes on a packet for a closed address from here.
PART int is_forwarded(struct frame *frame, struct route *route, __u8 family) {
    __u32 out = way(frame, route, family);
    return out && out != frame->interface;
}

// Whether a packet from one of the gate's addresses, which IP takes, comes from where the address
// is; `back` is the way there.
PART int is_from_there(
    struct frame *frame, __u32 below, __u32 tag, struct route *back, __u8 family)
{
    return !was_from_another(below, tag) && way(frame, back, family) == frame->interface;
}

// The note of a frame from one of our addresses.
PART __u32 note_from(int is_passing, __u32 tag) {
    return is_passing ? NOTE_PASSING | tag : NOTE_FROM | (tag & NOTE_VALUE);
}

// What becomes of a frame that can't be read as far as it takes. A stack drops what it can't read
// on arrival; what leaves may be read by others, or padded to something that they can.
PART int unread(struct frame *frame, __u32 note, void *addresses, enum direction direction) {
    if (direction == ARRIVING) {
        write_note(frame, NOTE_UNREAD);
        return PASS;
    }
    if (was_unread(note) || !has_any_passed(addresses)) return PASS;
    return drop(CGATE_UNREAD, LEAVING);
}

PART int unread_frame(struct frame *frame, __u32 note, enum direction direction) {
    int verdict = unread(frame, note, &gate1_ipv4, direction);
    return verdict == PASS ? unread(frame, note, &gate1_ipv6, direction) : verdict;
}

// The note of a frame from one of our addresses, if it has another already.
PART __u32 join_notes(__u32 note, __u32 from) {
    if ((note & NOTE_KIND) != NOTE_BOUND) return from;
    return from & NOTE_PASSING ? from | NOTE_ALSO_BOUND : note;
}

// Leaves with that closed address in it, or none.
PART int leave(__u32 note, __u32 slot, __u32 tag) {
    return slot == NOT_CLOSED || is_passing_from(note, tag) ? PASS : drop(slot, LEAVING);
}

// Leaves for that destination.
PART int leave_for(__u32 note, void *addresses, const void *destination) {
    return is_diverted(note, addresses, destination) ? drop(CGATE_DIVERTED, ARRIVING) : PASS;
}

#endif
