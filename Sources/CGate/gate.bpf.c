// The gate: drops, once a deadline has passed, what leaves from a floating address and what arrives
// at it. It sits at both clsact hooks of an interface and goes on when the process is dead.
//
//     frame -> skip the tags -> address -> slot -> deadline -> drop, or ask the next filter
//
// A frame that is none of ours costs one look-up. It is never accepted, only not dropped: filters
// behind this one must have their say.
//
// What leaves is dropped if it says "I am that address": the sender of an ARP packet of any
// operation, the target of a Neighbor Advertisement, the target of a solicitation for duplicate
// address detection, the source of an IP packet. What arrives is dropped by its destination. A
// standby can therefore reach the address as any other client.
//
// What leaves and can't be read to its end is dropped while any deadline of its family has passed.
// To know that, the gate searches its addresses, which takes longer than all the rest. Only what has
// hop limit 255 can be Neighbor Discovery (RFC 4861, 7.1); a packet that this host has routed never
// has it, so that strangers behind a router can't cause that search.
//
// Deliberately not covered:
//  - Frames that never come by: PACKET_QDISC_BYPASS, AF_XDP, XDP_TX, RDMA, filters in hardware,
//    programs before this one (a tcx program, a later filter at our priority; these are shown).
//  - Addresses within: outer headers are read, inner ones are not. A tunnel that is an interface
//    has a gate of its own; IPsec tunnels by policy and MPLS or SRv6 routes are no interfaces.
//  - Source routes (IPv4 LSRR, IPv6 routing headers) that name the address as a later hop get in;
//    the answer, which leaves from the address, does not get out.
//  - A Redirect that names the address as its target: a kernel tells there what its neighbour
//    cache has of the owner, never itself.
//  - RARP, IEEE 802.2 framing (no host here takes IP in it), and links whose header is neither Ethernet's nor none (InfiniBand, IEEE 802.15.4).

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "CGateLayout.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the gate's bytes are made for little-endian hosts only: build with -target bpfel"
#endif

// The names of programs tell which build made them, those of maps which layout they have. The
// kernel keeps 15 characters.
#define JOIN(prefix, suffix) prefix##suffix
#define NAMED(prefix, suffix) JOIN(prefix, suffix)
#define PROGRAM(prefix) NAMED(prefix, CGATE_BUILD)

// On the wire, octets are in network order.
#define WIRE16(value) ((__u16)((value) >> 8 | (value) << 8))

enum { PASS = -1 /* TC_ACT_UNSPEC */, DROP = 2 /* TC_ACT_SHOT */ };

enum direction { LEAVING, ARRIVING };

// Where offsets count from: the first octet that the driver gets or gave, or the network header.
enum origin { FRAME, NETWORK };

// Tags in a frame. Two are common; a host would need an interface for each to make or take more.
enum { TAGS = 8 };

// Extension headers. RFC 8200 has six kinds, each of them once but one, which comes twice.
enum { EXTENSIONS = 8 };

// The beginning of struct __sk_buff; the whole of it differs from one kernel's headers to the next,
// and with it the bytes.
struct frame {
    __u32 length;
};

struct address6 {
    __u32 words[4];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, CGATE_SLOTS);
    __type(key, __u32);
    __type(value, __u64);
} gate1_deadlines SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, CGATE_SLOTS);
    __type(key, __u32);
    __type(value, struct cgate_drops);
} gate1_drops SEC(".maps");

// Which group has the slot. Only the process reads it; it is bound to the programs to live as long.
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, CGATE_SLOTS);
    __type(key, __u32);
    __type(value, __u64);
} gate1_groups SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CGATE_ADDRESSES);
    __type(key, __u32);
    __type(value, __u32);
} gate1_ipv4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CGATE_ADDRESSES);
    __type(key, struct address6);
    __type(value, __u32);
} gate1_ipv6 SEC(".maps");

// Always in the program that calls it: the direction and the origin are constants there.
#define PART static __always_inline

PART void count(__u32 slot, enum direction direction) {
    struct cgate_drops *drops = bpf_map_lookup_elem(&gate1_drops, &slot);
    if (drops)
        __sync_fetch_and_add(direction == LEAVING ? &drops->leaving : &drops->arriving, 1);
}

PART int has_passed(__u32 slot, __u64 now) {
    volatile __u64 *deadline = bpf_map_lookup_elem(&gate1_deadlines, &slot);
    return !deadline || now >= *deadline;
}

PART int judge(void *addresses, const void *address, enum direction direction) {
    __u32 *slot = bpf_map_lookup_elem(addresses, address);
    if (!slot || !has_passed(*slot, bpf_ktime_get_boot_ns())) return PASS;
    count(*slot, direction);
    return DROP;
}

struct search {
    __u64 now;
    int found;
};

static long search(void *map, const void *address, __u32 *slot, struct search *search) {
    (void)map;
    (void)address;
    search->found = has_passed(*slot, search->now);
    return search->found;
}

PART int has_any_passed(void *addresses) {
    struct search passed = {.now = bpf_ktime_get_boot_ns()};
    bpf_for_each_map_elem(addresses, search, &passed, 0);
    return passed.found;
}

// What becomes of a frame that can't be read as far as it takes. A stack drops what it can't read
// on arrival; what leaves may be read by others, or padded to something that they can.
PART int unread(void *addresses, enum direction direction) {
    if (direction == ARRIVING || !has_any_passed(addresses)) return PASS;
    count(CGATE_UNREAD, direction);
    return DROP;
}

PART int unread_frame(enum direction direction) {
    int verdict = unread(&gate1_ipv4, direction);
    return verdict == PASS ? unread(&gate1_ipv6, direction) : verdict;
}

// Octets of the frame, also where they are not in the first buffer.
PART long load(struct frame *frame, enum origin origin, __u32 offset, void *to, __u32 size) {
    if (origin == FRAME) return bpf_skb_load_bytes(frame, offset, to, size);
    long error = bpf_skb_load_bytes_relative(frame, offset, to, size, BPF_HDR_START_NET);
    if (!error) return 0;
    // It looks at the first buffer only. What comes before the network header is little.
    __u32 wanted = offset + size + 256;
    bpf_skb_pull_data((void *)frame, wanted < frame->length ? wanted : frame->length);
    return bpf_skb_load_bytes_relative(frame, offset, to, size, BPF_HDR_START_NET);
}

enum {
    IPV4_SOURCE = 12,
    IPV4_DESTINATION = 16,
    IPV6_DESTINATION = 24,
};

PART int ipv4(struct frame *frame, enum origin origin, __u32 at, enum direction direction) {
    __u32 address;
    at += direction == LEAVING ? IPV4_SOURCE : IPV4_DESTINATION;
    if (load(frame, origin, at, &address, sizeof address)) return unread(&gate1_ipv4, direction);
    return judge(&gate1_ipv4, &address, direction);
}

enum {
    ARP_HARDWARE_LENGTH = 4,
    ARP_SENDER_HARDWARE = 8,
    ETHERNET_ADDRESS = 6,
};

// The sender's protocol address is behind its hardware address, whose length is in the packet. Of
// receivers, some go by that length and some by Ethernet's, so that both places are looked at.
PART int arp(struct frame *frame, __u32 at) {
    __u8 length;
    __u32 sender;
    if (load(frame, FRAME, at + ARP_HARDWARE_LENGTH, &length, sizeof length))
        return unread(&gate1_ipv4, LEAVING);
    at += ARP_SENDER_HARDWARE;
    if (load(frame, FRAME, at + ETHERNET_ADDRESS, &sender, sizeof sender))
        return unread(&gate1_ipv4, LEAVING);
    int verdict = judge(&gate1_ipv4, &sender, LEAVING);
    if (verdict != PASS || length == ETHERNET_ADDRESS) return verdict;
    // Behind the end of the packet nobody finds an address.
    if (load(frame, FRAME, at + length, &sender, sizeof sender)) return PASS;
    return judge(&gate1_ipv4, &sender, LEAVING);
}

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

struct ipv6 {
    __u32 version;
    __u16 payload;
    __u8 next;
    __u8 hop_limit;
    struct address6 source;
    struct address6 destination;
};

enum {
    SOLICITATION = 135,
    ADVERTISEMENT = 136,
    DISCOVERY_HOP_LIMIT = 255,
    DISCOVERY_TARGET = 8,
};

PART int discovery(struct frame *frame, __u32 at, const struct ipv6 *packet) {
    __u8 type;
    struct address6 target;
    int can_be = packet->hop_limit == DISCOVERY_HOP_LIMIT;
    if (bpf_skb_load_bytes(frame, at, &type, sizeof type))
        return can_be ? unread(&gate1_ipv6, LEAVING) : PASS;
    if (type != ADVERTISEMENT && type != SOLICITATION) return PASS;
    const struct address6 *source = &packet->source;
    // A solicitation that has a source asks for an address; one without claims it.
    if (type == SOLICITATION
        && (source->words[0] | source->words[1] | source->words[2] | source->words[3]))
        return PASS;
    if (bpf_skb_load_bytes(frame, at + DISCOVERY_TARGET, &target, sizeof target))
        return can_be ? unread(&gate1_ipv6, LEAVING) : PASS;
    return judge(&gate1_ipv6, &target, LEAVING);
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

// Finds Neighbor Discovery in what leaves, behind whatever extension headers. The later fragments
// of a packet do not tell what they are part of: where that may be Neighbor Discovery, they count
// as unread. No kernel fragments it, and since RFC 6980 none puts it together again.
PART int extensions(struct frame *frame, __u32 at, const struct ipv6 *packet) {
    struct {
        __u8 next, length;
        __u16 offset;
    } header;
    __u8 next = packet->next;
    for (int passed = 0; passed < EXTENSIONS && is_extension(next); passed++) {
        if (bpf_skb_load_bytes(frame, at, &header, sizeof header)) break;
        if (next == FRAGMENT && header.offset & WIRE16(0xfff8)) {
            if (header.next != ICMPV6 && !is_extension(header.next)) return PASS;
            break;
        }
        at += next == FRAGMENT         ? 8
              : next == AUTHENTICATION ? (header.length + 2) * 4
                                       : (header.length + 1) * 8;
        next = header.next;
    }
    if (next == ICMPV6) return discovery(frame, at, packet);
    if (!is_extension(next) || packet->hop_limit != DISCOVERY_HOP_LIMIT) return PASS;
    return unread(&gate1_ipv6, LEAVING);
}

PART int ipv6(struct frame *frame, enum origin origin, __u32 at, enum direction direction) {
    struct ipv6 packet;
    if (direction == ARRIVING) {
        at += IPV6_DESTINATION;
        if (load(frame, origin, at, &packet.destination, sizeof packet.destination)) return PASS;
        return judge(&gate1_ipv6, &packet.destination, ARRIVING);
    }
    if (load(frame, origin, at, &packet, sizeof packet)) return unread(&gate1_ipv6, LEAVING);
    int verdict = judge(&gate1_ipv6, &packet.source, LEAVING);
    return verdict == PASS ? extensions(frame, at + sizeof packet, &packet) : verdict;
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

// Links with an Ethernet header. The type is read from the frame, as the receiver will:
// skb->protocol is whatever the sender's socket says.
PART int ethernet(struct frame *frame, enum direction direction) {
    __u32 at = TYPE_OFFSET;
    __u16 type;
    if (bpf_skb_load_bytes(frame, at, &type, sizeof type)) return unread_frame(direction);
    for (int tags = 0; tags < TAGS && is_tag(type); tags++) {
        at += TAG_SIZE;
        if (bpf_skb_load_bytes(frame, at, &type, sizeof type)) return unread_frame(direction);
    }
    at += TYPE_SIZE;
    switch (type) {
    case IPV4:
        return ipv4(frame, FRAME, at, direction);
    case IPV6:
        return ipv6(frame, FRAME, at, direction);
    case ARP:
        // Questions and answers about the address may come in: nobody here answers for it.
        return direction == LEAVING ? arp(frame, at) : PASS;
    default:
        return is_tag(type) ? unread_frame(direction) : PASS;
    }
}

// Links without a header, such as tun, PPP and WireGuard: IP tells its version itself. On arrival
// some tunnels (GRE) still have outer headers before what the stack goes on with.
PART int bare(struct frame *frame, enum direction direction) {
    enum origin origin = direction == LEAVING ? FRAME : NETWORK;
    __u8 version;
    if (load(frame, origin, 0, &version, sizeof version)) return unread_frame(direction);
    switch (version >> 4) {
    case 4:
        return ipv4(frame, origin, 0, direction);
    case 6:
        return ipv6(frame, origin, 0, direction);
    default:
        return PASS;
    }
}

SEC("tc") int PROGRAM(gate_el_)(struct frame *frame) { return ethernet(frame, LEAVING); }
SEC("tc") int PROGRAM(gate_ea_)(struct frame *frame) { return ethernet(frame, ARRIVING); }
SEC("tc") int PROGRAM(gate_bl_)(struct frame *frame) { return bare(frame, LEAVING); }
SEC("tc") int PROGRAM(gate_ba_)(struct frame *frame) { return bare(frame, ARRIVING); }

char LICENSE[] SEC("license") = "Apache-2.0";
