// The gate: drops, once a deadline has passed, what this host sends from a floating address and what
// comes in for it to take. It sits at both clsact hooks of an interface and goes on when the process
// is dead. What others send, and this host only routes or bridges, passes.
//
//     frame -> skip the tags -> address -> slot -> deadline -> is it only passing? -> drop, or ask
//     the next filter
//
// A frame that is none of ours costs two look-ups at most. It is never accepted, only not dropped:
// filters behind this one must have their say.
//
// What leaves says "I am that address" by the sender of an ARP packet of any operation, the target of
// a Neighbor Advertisement, the target of a solicitation for duplicate address detection, or the
// source of an IP packet. What arrives is judged by its destination. A standby can therefore reach
// the address as any other client.
//
// What passes though a deadline is over, and why none of it is this host's answer:
//
//  - It leaves from a closed address *and came in from it*. At the ingress hook it gets a note of the
//    address (skb->tc_index, gate_passage.h), and at the egress hook the note has to be of the very
//    address that it leaves from. A frame that this host has made has no note. One that it has
//    rewritten (SNAT, the way back of DNAT or IPVS, a proxy) has the note of another address: that is
//    this host answering. One that it has put into a tunnel has lost where it came in, or leaves as
//    another protocol than the note's. ARP has notes of its own, from any sender.
//  - The note is given to frames for other stations and for all, which IP never routes; to those for
//    this station only if the kernel's routes lead to the address by the interface that it came from.
//    So a container, to which this host routes, can't answer as the address by way of this host.
//    Behind a bridge the note below has to agree: what a bridge's netfilter has rewritten is new.
//  - It came in *for* a closed address, and nobody here takes it. Either it is another station's: IP
//    drops it, and what may take it instead, a bridge, a VLAN or a macvlan, has a gate of its own. Or
//    the kernel's routes say that it would be forwarded, by another interface than it came from. So
//    where the address is installed, and where nothing is forwarded, all of it is dropped; and what
//    comes by the interface behind which the address is, from neighbours that still believe that it
//    is here, too.
//  - Since netfilter is asked later, such a frame has a note as well. It may arrive further up, and
//    leave, only for an address that the gate has: one whose destination this host has rewritten
//    (DNAT, IPVS) is dropped. What a rule redirects to this host *itself* passes no hook after that:
//    see below.
//  - What could not be read when it came in may leave unread.
//
// What leaves and can't be read to its end is dropped while any deadline of its family has passed.
// To know that, the gate searches its addresses, for a tenth of a millisecond. Only what has hop
// limit 255 can be Neighbor Discovery (RFC 4861, 7.1), and a packet that this host has routed never
// has it; what it bridges has a note.
//
// Dropped though it might be harmless, since nobody can tell:
//  - what is routed back out of the interface that it came from;
//  - answers for the address by proxy (proxy_arp, NDP proxies): they say "I am that address";
//  - what is routed and came from the address by another interface than the routes say, or out of an
//    Ethernet tunnel of this host's (VXLAN, Geneve, GRE tap) that is no port of a bridge;
//  - what an IPsec policy encrypts on the way to the address, and frames for the address to a group
//    of stations;
//  - what comes from the address where another filter has overwritten skb->tc_index (a filter behind
//    this one, at ingress, that ends with TC_ACT_OK).
//
// Deliberately not covered:
//  - Frames that never come by: PACKET_QDISC_BYPASS, AF_XDP, XDP_TX, RDMA, netconsole, pktgen,
//    filters in hardware, programs before this one (a tcx program, a later filter at our priority;
//    these are shown).
//  - A rule of the operator's that has this host itself take what is for the address, and comes from
//    elsewhere than where the address is (nft's redirect and tproxy, DNAT to an address of this host,
//    ebtables' broute, tc's pedit and skbedit): a service here may then get a question. No answer to
//    it leaves.
//  - Stations behind a bridge, which are hosts of their own: a guest that has the address answers.
//  - Addresses within: outer headers are read, inner ones are not. A tunnel that is an interface
//    has a gate of its own; IPsec tunnels by policy and MPLS or SRv6 routes are no interfaces. A
//    VXLAN over IPv6 whose own end is a closed address lets by UDP from that same address.
//  - Source routes (IPv4 LSRR, IPv6 routing headers) that name the address as a later hop get in;
//    the answer, which leaves from the address, does not get out.
//  - A Redirect that names the address as its target: a kernel tells there what its neighbour
//    cache has of the owner, never itself.
//  - RARP, IP in IEEE 802.2 frames, which Linux does not take, and links whose header is neither
//    Ethernet's nor none (InfiniBand, IEEE 802.15.4).
//
// The kernel lends its routes (bpf_fib_lookup) to programs under the GPL only: this file and those
// that it includes are under the Apache License 2.0 or, at your option, the GPL, version 2.
// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only

#include "gate_discovery.h"
#include "gate_passage.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the gate's bytes are made for little-endian hosts only: build with -target bpfel"
#endif

// The names of programs tell which build made them, those of maps which layout they have. The
// kernel keeps 15 characters.
#define JOIN(prefix, suffix) prefix##suffix
#define NAMED(prefix, suffix) JOIN(prefix, suffix)
#define PROGRAM(prefix) NAMED(prefix, CGATE_BUILD)

// Tags in a frame. Two are common; a host would need an interface for each to make or take more.
enum { TAGS = 8 };

// What is known of a frame beside its octets.
struct about {
    __u32 note;    // that it has brought along, when it leaves
    int is_tagged; // by a VLAN, when it arrives
    int is_outer;  // another packet may be in it, when it leaves: that one has the destination
    __u32 read;    // so many octets of the packet have been loaded already
};

enum { IPV4_HEADER = 20 };

struct ipv4 {
    __u8 length, service;
    __u16 total, identification, fragment;
    __u8 hops, protocol;
    __u16 checksum;
    __u32 source, destination;
    __u16 ports[2]; // mostly right behind that header
};

// Ports decide on routes where the operator's rules ask for them.
PART void take_ports(struct route *route, __u8 protocol, const __u16 *ports) {
    route->protocol = protocol;
    if (protocol != 6 /* TCP */ && protocol != 17 /* UDP */) return;
    route->source_port = ports[0];
    route->destination_port = ports[1];
}

PART int arrive4(
    struct frame *frame, enum origin origin, __u32 at, struct about about, struct ipv4 *packet)
{
    if (about.read < IPV4_HEADER && load(frame, origin, at, packet, IPV4_HEADER))
        return unread(frame, NOTE_NOTHING, &gate1_ipv4, ARRIVING);
    __u32 note = NOTE_SEEN | signature();
    __u32 slot = closed(&gate1_ipv4, &packet->destination);
    if (slot != NOT_CLOSED) {
        int is_passing = is_for_one(frame);
        if (is_for_ip(frame, about.is_tagged)) {
            struct route route = {.traffic = packet->service};
            route.source.words[0] = packet->source;
            route.destination.words[0] = packet->destination;
            __u32 length = (packet->length & 15) * 4;
            if (length != IPV4_HEADER || about.read < sizeof *packet)
                load(frame, origin, at + length, packet->ports, sizeof packet->ports);
            if (!(packet->fragment & WIRE16(0x1fff)))
                take_ports(&route, packet->protocol, packet->ports);
            is_passing = is_forwarded(frame, &route, INET);
        }
        if (!is_passing) return drop(slot, ARRIVING);
        note = NOTE_BOUND | signature();
    } else if (is_diverted(frame->note, &gate1_ipv4, &packet->destination)) {
        return drop(CGATE_DIVERTED, ARRIVING);
    }
    if (bpf_map_lookup_elem(&gate1_ipv4, &packet->source)) {
        __u32 tag = tag4(packet->source, packet->protocol);
        int is_passing = is_from_outside(frame);
        if (is_for_ip(frame, about.is_tagged)) {
            struct route back = {0};
            back.source.words[0] = packet->destination;
            back.destination.words[0] = packet->source;
            is_passing = is_from_there(frame, note_below(frame, origin), tag, &back, INET);
        }
        note = join_notes(note, note_from(is_passing, tag));
    }
    write_note(frame, note);
    return PASS;
}

PART int leave4(
    struct frame *frame, enum origin origin, __u32 at, struct about about, struct ipv4 *packet)
{
    // Whoever pads a packet whose destination is cut off may have it sent all the same.
    __u32 needed = sizeof packet->hops + sizeof packet->protocol + sizeof packet->checksum
                   + sizeof packet->source;
    if (about.read < IPV4_HEADER && load(frame, origin, at + 8, &packet->hops, needed))
        return unread(frame, about.note, &gate1_ipv4, LEAVING);
    __u32 slot = closed(&gate1_ipv4, &packet->source);
    if (slot == NOT_CLOSED && !was_bound(about.note)) return PASS;
    __u32 destination = 0;
    if (about.read >= IPV4_HEADER)
        destination = packet->destination;
    else
        load(frame, origin, at + 16, &destination, sizeof destination);
    __u32 tag = tag4(packet->source, packet->protocol);
    int verdict = leave(about.note, slot, tag);
    if (verdict != PASS || about.is_outer) return verdict;
    return leave_for(about.note, &gate1_ipv4, &destination);
}

enum {
    ARP_SENDER_HARDWARE = 8,
    ETHERNET_ADDRESS = 6,
};

struct arp {
    __u16 hardware, protocol;
    __u8 hardware_length, protocol_length;
    __u16 operation;
    __u16 sender_hardware[3];
    __u16 sender[2];
};

// The sender's protocol address is behind its hardware address, whose length is in the packet. Of
// receivers, some go by that length and some by Ethernet's, so that both places are looked at.
// Questions and answers about the address may come in: nobody here answers for it.
PART int arp(
    struct frame *frame, __u32 at, struct about about, struct arp *packet, enum direction direction)
{
    if (about.read < sizeof *packet && load(frame, FRAME, at, packet, sizeof *packet))
        return unread(frame, about.note, &gate1_ipv4, direction);
    __u32 sender = packet->sender[0] | (__u32)packet->sender[1] << 16;
    __u32 elsewhere = sender;
    // Behind the end of the packet nobody finds an address.
    at += ARP_SENDER_HARDWARE + packet->hardware_length;
    if (packet->hardware_length != ETHERNET_ADDRESS
        && load(frame, FRAME, at, &elsewhere, sizeof elsewhere))
        elsewhere = sender;
    __u32 note = note_of_arp(sender, elsewhere);
    if (direction == ARRIVING) {
        // For this station only: no bridge passes that on.
        write_note(frame, is_bridged(frame) ? note : NOTE_NOTHING);
        return PASS;
    }
    __u32 slot = closed(&gate1_ipv4, &sender);
    if (slot == NOT_CLOSED && elsewhere != sender) slot = closed(&gate1_ipv4, &elsewhere);
    return slot == NOT_CLOSED || about.note == note ? PASS : drop(slot, LEAVING);
}

enum { LINK_LOCAL = 0x000080fe, LINK_LOCAL_BITS = 0x0000c0ff };

PART int is_link_local(const struct address6 *address) {
    return (address->words[0] & LINK_LOCAL_BITS) == LINK_LOCAL;
}

PART int arrive6(
    struct frame *frame, enum origin origin, __u32 at, struct about about, struct ipv6 *packet)
{
    if (about.read < IPV6_HEADER && load(frame, origin, at, packet, IPV6_HEADER))
        return unread(frame, NOTE_NOTHING, &gate1_ipv6, ARRIVING);
    enum discovery discovery = read_discovery(frame, origin, at, packet, about.read);
    __u32 note = NOTE_SEEN | signature();
    __u32 slot = closed(&gate1_ipv6, &packet->destination);
    if (slot != NOT_CLOSED) {
        int is_passing = is_for_one(frame);
        if (is_for_ip(frame, about.is_tagged)) {
            // No router passes on what is for one link; its route may say otherwise.
            if (is_link_local(&packet->destination)) return drop(slot, ARRIVING);
            struct route route = {.traffic = packet->version & WIRE32(0x0fffffff)};
            copy6(&route.source, &packet->source);
            copy6(&route.destination, &packet->destination);
            if (about.read < IPV6_HEADER + sizeof packet->ports)
                load(frame, origin, at + IPV6_HEADER, packet->ports, sizeof packet->ports);
            take_ports(&route, packet->next, packet->ports);
            is_passing = is_forwarded(frame, &route, INET6);
        }
        if (!is_passing) return drop(slot, ARRIVING);
        note = NOTE_BOUND | signature();
    } else if (is_diverted(frame->note, &gate1_ipv6, &packet->destination)) {
        return drop(CGATE_DIVERTED, ARRIVING);
    }
    struct author author = author6(frame, origin, at, packet, discovery, ARRIVING);
    if (author.discovery == SAYS_TARGET) {
        // For this station only: no bridge passes that on.
        if (is_bridged(frame)) note = join_notes(note, note_from(1, author.tag));
    } else if (author.has_tag) {
        int is_passing = is_from_outside(frame);
        if (is_for_ip(frame, about.is_tagged)) {
            struct route back = {0};
            copy6(&back.source, &packet->destination);
            copy6(&back.destination, &packet->source);
            is_passing = is_from_there(frame, note_below(frame, origin), author.tag, &back, INET6);
        }
        note = join_notes(note, note_from(is_passing, author.tag));
    } else if (author.discovery == CANNOT_BE_READ) {
        note = slot == NOT_CLOSED ? NOTE_UNREAD : NOTE_BOUND_UNREAD | signature();
    }
    write_note(frame, note);
    return PASS;
}

PART int leave6(
    struct frame *frame, enum origin origin, __u32 at, struct about about, struct ipv6 *packet)
{
    if (about.read < IPV6_HEADER && load(frame, origin, at, packet, IPV6_HEADER))
        return unread(frame, about.note, &gate1_ipv6, LEAVING);
    enum discovery discovery = SAYS_NOTHING;
    // Links on which the packet is behind a header have no Neighbor Discovery.
    if (origin == FRAME) discovery = read_discovery(frame, origin, at, packet, about.read);
    struct author author = author6(frame, origin, at, packet, discovery, LEAVING);
    int verdict = leave(about.note, author.slot, author.tag);
    if (verdict == PASS && !about.is_outer)
        verdict = leave_for(about.note, &gate1_ipv6, &packet->destination);
    if (verdict != PASS || author.slot != NOT_CLOSED || author.discovery != CANNOT_BE_READ)
        return verdict;
    return unread(frame, about.note, &gate1_ipv6, LEAVING);
}

enum {
    TYPE_OFFSET = 12,
    TYPE_SIZE = 2,
    TAG_SIZE = 4,
};

enum {
    IPV4 = WIRE16(0x0800),
    ARP = WIRE16(0x0806),
    IPV6 = WIRE16(0x86dd),
};

PART int is_tag(__u16 type) {
    return type == WIRE16(0x8100) || type == WIRE16(0x88a8) || type == WIRE16(0x9100)
           || type == WIRE16(0x9200) || type == WIRE16(0x9300);
}

PART int other(struct frame *frame, enum direction direction) {
    if (direction == ARRIVING) write_note(frame, NOTE_NOTHING);
    return PASS;
}

// The end of an Ethernet header and what is behind it, mostly.
struct beginning {
    __u16 unused, type;
    union {
        struct ipv4 ipv4;
        struct ipv6 ipv6;
        struct arp arp;
    };
};

// So many octets of a packet at once; 0 if there are fewer.
PART int load_beginning(
    struct frame *frame, struct beginning *begin, __u32 size, struct about *about)
{
    about->read = size;
    size += TYPE_SIZE;
    return frame->length >= TYPE_OFFSET + size
           && !bpf_skb_load_bytes(frame, TYPE_OFFSET, &begin->type, size);
}

// Links with an Ethernet header. The type is read from the frame, as the receiver will:
// skb->protocol is whatever the sender's socket says.
PART int ethernet(struct frame *frame, enum direction direction) {
    struct beginning begin = {0};
    struct {
        __u16 value, type;
    } tag;
    struct about about = {0};
    if (direction == LEAVING) about.note = read_note(frame);
    // A VLAN of number 0 is none.
    else about.is_tagged = frame->has_tag && frame->tag & 0xfff;
    __u32 at = TYPE_OFFSET;
    // One call, for as much as there is, since calls are dear. Not every verifier knows how much that
    // is, unless it is one of a few sizes.
    if (!load_beginning(frame, &begin, sizeof begin.ipv6, &about)
        && !load_beginning(frame, &begin, IPV6_HEADER, &about)
        && !load_beginning(frame, &begin, IPV4_HEADER, &about)
        && !load_beginning(frame, &begin, 0, &about))
        return unread_frame(frame, about.note, direction);
    __u16 type = begin.type;
    for (int tags = 0; tags < TAGS && is_tag(type); tags++) {
        if (bpf_skb_load_bytes(frame, at + TYPE_SIZE, &tag, sizeof tag))
            return unread_frame(frame, about.note, direction);
        about.is_tagged |= tag.value & WIRE16(0xfff);
        about.read = 0;
        type = tag.type;
        at += TAG_SIZE;
    }
    at += TYPE_SIZE;
    switch (type) {
    case IPV4:
        return direction == LEAVING ? leave4(frame, FRAME, at, about, &begin.ipv4)
                                    : arrive4(frame, FRAME, at, about, &begin.ipv4);
    case IPV6:
        return direction == LEAVING ? leave6(frame, FRAME, at, about, &begin.ipv6)
                                    : arrive6(frame, FRAME, at, about, &begin.ipv6);
    case ARP:
        return arp(frame, at, about, &begin.arp, direction);
    default:
        return is_tag(type) ? unread_frame(frame, about.note, direction)
                            : other(frame, direction);
    }
}

PART int packet(
    struct frame *frame, enum origin origin, struct about about, enum direction direction)
{
    struct beginning begin = {0};
    __u8 version;
    if (load(frame, origin, 0, &version, sizeof version))
        return unread_frame(frame, about.note, direction);
    switch (version >> 4) {
    case 4:
        return direction == LEAVING ? leave4(frame, origin, 0, about, &begin.ipv4)
                                    : arrive4(frame, origin, 0, about, &begin.ipv4);
    case 6:
        return direction == LEAVING ? leave6(frame, origin, 0, about, &begin.ipv6)
                                    : arrive6(frame, origin, 0, about, &begin.ipv6);
    default:
        return other(frame, direction);
    }
}

// Whether the packet is not what the frame begins with: a link to many others by GRE has its outer
// headers there when it leaves. Those are longer, and say so in their first octets.
PART int is_behind_header(struct frame *frame) {
    __u64 first, inner;
    if (bpf_skb_load_bytes(frame, 0, &first, sizeof first)) return 0;
    if (load(frame, NETWORK, 0, &inner, sizeof inner)) return 0;
    return first != inner;
}

// Links without a header, such as tun, PPP and WireGuard: IP tells its version itself. On arrival
// some tunnels (GRE) still have outer headers before what the stack goes on with.
PART int bare(struct frame *frame, enum direction direction) {
    struct about about = {0};
    if (direction == ARRIVING) return packet(frame, NETWORK, about, ARRIVING);
    about.note = read_note(frame);
    about.is_outer = 1;
    int verdict = packet(frame, FRAME, about, LEAVING);
    about.is_outer = 0;
    if (verdict == PASS && (was_bound(about.note) || is_behind_header(frame)))
        verdict = packet(frame, NETWORK, about, LEAVING);
    // What this host puts around it is its own.
    if (verdict == PASS) write_note(frame, NOTE_NOTHING);
    return verdict;
}

SEC("tc") int PROGRAM(gate_el_)(struct frame *frame) { return ethernet(frame, LEAVING); }
SEC("tc") int PROGRAM(gate_ea_)(struct frame *frame) { return ethernet(frame, ARRIVING); }
SEC("tc") int PROGRAM(gate_bl_)(struct frame *frame) { return bare(frame, LEAVING); }
SEC("tc") int PROGRAM(gate_ba_)(struct frame *frame) { return bare(frame, ARRIVING); }

char LICENSE[] SEC("license") = "GPL";
