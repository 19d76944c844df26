// What the programs of the gate read and write: frames, and maps. Part of gate.bpf.c.
// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only

#ifndef GATE_FRAME_H
#define GATE_FRAME_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "CGateLayout.h"

// Always in the program that calls it: the direction and the origin are constants there.
#define PART static __always_inline

// On the wire, octets are in network order.
#define WIRE16(value) ((__u16)((value) >> 8 | (value) << 8))
#define WIRE32(value) __builtin_bswap32(value)

enum { PASS = -1 /* TC_ACT_UNSPEC */, DROP = 2 /* TC_ACT_SHOT */ };

enum direction { LEAVING, ARRIVING };

// Where offsets count from: the first octet that the driver gets or gave, or the network header.
enum origin { FRAME, NETWORK };

// The beginning of struct __sk_buff, by names of our own; the whole of it differs from one kernel's
// headers to the next, and with it the bytes.
struct frame {
    __u32 length;
    __u32 station; // whose hardware address it is for, as the interface sees it: pkt_type
    __u32 mark, queue, protocol;
    __u32 has_tag, tag, tag_type; // the outermost VLAN tag: the kernel has taken it off
    __u32 priority;
    __u32 came_in; // the interface by which it arrived here; 0: this host has made it
    __u32 interface;
    __u32 note; // tc_index: see gate_passage.h
};

// PACKET_HOST and PACKET_OTHERHOST. Those between are broadcast and multicast.
enum { THIS_STATION = 0, OTHER_STATION = 3 };

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

// Counts the frame, and drops it.
PART int drop(__u32 slot, enum direction direction) {
    struct cgate_drops *drops = bpf_map_lookup_elem(&gate1_drops, &slot);
    if (drops)
        __sync_fetch_and_add(direction == LEAVING ? &drops->leaving : &drops->arriving, 1);
    return DROP;
}

PART int has_passed(__u32 slot, __u64 now) {
    volatile __u64 *deadline = bpf_map_lookup_elem(&gate1_deadlines, &slot);
    return !deadline || now >= *deadline;
}

// An address is in no group's slot, or its deadline is still to come.
enum { NOT_CLOSED = CGATE_UNREAD };

// That slot if its deadline has passed. Of all that the gate does, reading the clock is dearest.
PART __u32 if_closed(const __u32 *slot) {
    return slot && has_passed(*slot, bpf_ktime_get_boot_ns()) ? *slot : NOT_CLOSED;
}

PART __u32 closed(void *addresses, const void *address) {
    return if_closed(bpf_map_lookup_elem(addresses, address));
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

#endif
