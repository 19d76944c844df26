// What a packet of IPv6 says of itself: its source, and its Neighbor Discovery. Part of gate.bpf.c.
// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only

#ifndef GATE_DISCOVERY_H
#define GATE_DISCOVERY_H

#include "gate_frame.h"
#include "gate_passage.h"

// Extension headers. RFC 8200 has six kinds, each of them once but one, which comes twice.
enum { EXTENSIONS = 8 };

// RFC 8200, 4.1, and IANA's registry of extension headers.
enum {
    HOP_BY_HOP = 0,
    ROUTING = 43,
    FRAGMENT = 44,
    AUTHENTICATION = 51,
    ICMPV6 = 58,
    DESTINATION_OPTIONS = 60,
    MOBILITY = 135,
    HOST_IDENTITY = 139,
    SHIM6 = 140,
};

enum { IPV6_HEADER = 40 };

struct ipv6 {
    __u32 version;
    __u16 payload;
    __u8 next;
    __u8 hop_limit;
    struct address6 source;
    struct address6 destination;
    // Mostly right behind that header: of ICMPv6, or of TCP and UDP.
    union {
        struct {
            __u8 type, unused[7];
            struct address6 target;
        };
        __u16 ports[2];
    };
};

enum {
    SOLICITATION = 135,
    ADVERTISEMENT = 136,
    DISCOVERY_HOP_LIMIT = 255,
    DISCOVERY_TARGET = 8,
};

// What Neighbor Discovery in a packet says that its sender is.
enum discovery { SAYS_NOTHING, SAYS_TARGET, CANNOT_BE_READ };

PART int is_claim(const struct ipv6 *packet) {
    const struct address6 *source = &packet->source;
    if (packet->type == ADVERTISEMENT) return 1;
    // A solicitation that has a source asks for an address; one without claims it.
    return packet->type == SOLICITATION
           && !(source->words[0] | source->words[1] | source->words[2] | source->words[3]);
}

PART enum discovery discovery(
    struct frame *frame, enum origin origin, __u32 at, struct ipv6 *packet)
{
    enum discovery cut =
        packet->hop_limit == DISCOVERY_HOP_LIMIT ? CANNOT_BE_READ : SAYS_NOTHING;
    if (load(frame, origin, at, &packet->type, sizeof packet->type)) return cut;
    if (!is_claim(packet)) return SAYS_NOTHING;
    at += DISCOVERY_TARGET;
    return load(frame, origin, at, &packet->target, sizeof packet->target) ? cut : SAYS_TARGET;
}

PART int is_extension(__u8 next) {
    switch (next) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT:
    case AUTHENTICATION:
    case DESTINATION_OPTIONS:
    case MOBILITY:
    case HOST_IDENTITY:
    case SHIM6:
        return 1;
    default:
        return 0;
    }
}

// Finds Neighbor Discovery behind whatever extension headers. The later fragments of a packet do
// not tell what they are part of: where that may be Neighbor Discovery, they count as unread. No
// kernel fragments it, and since RFC 6980 none puts it together again.
PART enum discovery extensions(
    struct frame *frame, enum origin origin, __u32 at, struct ipv6 *packet)
{
    struct {
        __u8 next, length;
        __u16 offset;
    } header;
    __u8 next = packet->next;
    // Of a process without CAP_PERFMON, a kernel follows what a processor may guess, too, and sees no
    // end of a loop then.
#pragma clang loop unroll(full)
    for (int passed = 0; passed < EXTENSIONS && is_extension(next); passed++) {
        if (load(frame, origin, at, &header, sizeof header)) break;
        if (next == FRAGMENT && header.offset & WIRE16(0xfff8)) {
            if (header.next != ICMPV6 && !is_extension(header.next)) return SAYS_NOTHING;
            break;
        }
        at += next == FRAGMENT         ? 8
              : next == AUTHENTICATION ? (header.length + 2) * 4
                                       : (header.length + 1) * 8;
        next = header.next;
    }
    if (next == ICMPV6) return discovery(frame, origin, at, packet);
    if (!is_extension(next) || packet->hop_limit != DISCOVERY_HOP_LIMIT) return SAYS_NOTHING;
    return CANNOT_BE_READ;
}

// Which of the gate's addresses a packet says to be of, and the slot of one of them that is closed,
// if it leaves: its source, the target of its Neighbor Discovery, or both.
struct author {
    __u32 slot;
    __u32 tag, has_tag;
    enum discovery discovery;
};

// `read` octets of the packet have been loaded already.
PART enum discovery read_discovery(
    struct frame *frame, enum origin origin, __u32 at, struct ipv6 *packet, __u32 read)
{
    if (packet->next == ICMPV6 && read >= sizeof *packet)
        return is_claim(packet) ? SAYS_TARGET : SAYS_NOTHING;
    if (packet->next != ICMPV6 && !is_extension(packet->next)) return SAYS_NOTHING;
    return extensions(frame, origin, at + IPV6_HEADER, packet);
}

// After its Neighbor Discovery has been read: a verifier goes through that once for each way that
// leads to it, so that it comes first.
PART struct author author6(
    struct frame *frame, enum origin origin, __u32 at, const struct ipv6 *packet,
    enum discovery discovery, enum direction direction)
{
    struct author author = {.slot = NOT_CLOSED, .discovery = discovery};
    __u32 *slot = bpf_map_lookup_elem(&gate1_ipv6, &packet->source);
    if (slot) {
        author.has_tag = 1;
        if (direction == LEAVING) author.slot = if_closed(slot);
        // A host may put fragments together, and take the packet apart again.
        __u8 next = packet->next, inner;
        if (next == FRAGMENT && !load(frame, origin, at + IPV6_HEADER, &inner, sizeof inner))
            next = inner;
        author.tag = tag6(&packet->source, next);
    }
    if (discovery != SAYS_TARGET) return author;
    slot = bpf_map_lookup_elem(&gate1_ipv6, &packet->target);
    if (!slot) {
        author.discovery = SAYS_NOTHING;
        return author;
    }
    author.has_tag = 1;
    if (direction == LEAVING && author.slot == NOT_CLOSED) author.slot = if_closed(slot);
    author.tag = (tag6(&packet->target, IN_DISCOVERY) ^ author.tag << 7) & NOTE_TAG;
    return author;
}

#endif
