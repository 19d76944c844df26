// The gate in the kernel: an eBPF program at both clsact hooks of an interface that drops, past a
// deadline, what leaves from a floating address and what arrives at it.
//
// Everything here is made of descriptors, so that a gate can be handed from process to process. All
// functions return 0 or a descriptor, or -errno. None of them prints.

#ifndef CGATE_H
#define CGATE_H

#include <stddef.h>
#include <stdint.h>

#include "CGateLayout.h"

// What the programs and maps of a gate are, in the order of `descriptors`.
enum cgate_part {
    CGATE_EGRESS,           // program, for links with an Ethernet header
    CGATE_INGRESS,
    CGATE_EGRESS_BARE,      // program, for links whose frames begin with the IP header
    CGATE_INGRESS_BARE,
    CGATE_DEADLINES,        // array of uint64_t, mapped: nanoseconds of CLOCK_BOOTTIME; 0 is closed
    CGATE_DROPS,            // array of struct cgate_drops, mapped
    CGATE_GROUPS,           // array of uint64_t, mapped: whose slot it is; 0 is nobody's
    CGATE_IPV4,             // hash: address in network order -> uint32_t slot
    CGATE_IPV6,
    CGATE_PARTS
};

struct cgate {
    int descriptors[CGATE_PARTS];
};

// The name of a part, for pins and the service manager's store: "gate-deadlines".
const char *cgate_name(enum cgate_part part);

// Makes a gate with every slot closed and no address. `text` gets the verifier's or libbpf's words
// on failure, terminated.
int cgate_load(struct cgate *gate, char *text, size_t size);

// Loads our programs onto the maps of a gate that another build made, whose layout is ours.
// The descriptors of its old programs are closed and replaced.
int cgate_reload_programs(struct cgate *gate, char *text, size_t size);

// Whether the descriptors are those of a whole gate: 0; 1 if only its programs are of another
// build, or missing (-1); -EPROTO if its maps are none that we can use.
int cgate_inspect(const struct cgate *gate);

void cgate_close(struct cgate *gate);

// Maps the array of that part, writable, for as long as the process lives; NULL and errno.
void *cgate_map(const struct cgate *gate, enum cgate_part part);

// Which slot that address is of. `family` is AF_INET or AF_INET6. -ENOENT for an unknown one.
int cgate_put_address(const struct cgate *gate, int family, const void *address, uint32_t slot);
// The same for many of one family, one behind the other: by one call where the kernel has that
// (5.6). All are tried; the result is of the first that was refused.
int cgate_put_addresses(const struct cgate *gate, int family, const void *addresses,
                        const uint32_t *slots, uint32_t count);
int cgate_take_address(const struct cgate *gate, int family, const void *address);
int cgate_find_address(const struct cgate *gate, int family, const void *address, uint32_t *slot);

// Calls back for every address that the gate has, until that returns other than 0, which is then
// the result. The visitor may take out the address that it is shown.
typedef int (*cgate_address_visitor)(int family, const void *address, uint32_t slot, void *context);
int cgate_visit_addresses(
    const struct cgate *gate, cgate_address_visitor visitor, void *context);

enum cgate_hook { CGATE_LEAVING, CGATE_ARRIVING };

// Puts the program that suits the link at that hook, making the clsact qdisc where it is missing,
// or replaces, atomically, what is there under our priority and handle.
// -EEXIST: the interface has an `ingress` qdisc, which takes the place and has no egress.
// -EINVAL: a filter of another kind, or for one protocol only, has priority 1.
// -EOPNOTSUPP: the qdisc shares its filters with other interfaces (`egress_block`).
// -ENODEV: there is no such interface.
int cgate_attach(const struct cgate *gate, int interface, int is_bare, enum cgate_hook hook);
// 1 if the program of a gate was there, whichever gate's; 0 if none was.
int cgate_detach(int interface, enum cgate_hook hook);
// Takes the clsact qdisc off if no filter is left at either hook; 0 also if others use it. The
// kernel does not look and act in one: a filter that comes in between goes with the qdisc.
int cgate_remove_qdisc(int interface);

// What the kernel has at that hook, now. All 0 if the qdisc is gone, which is no error; -ENODEV if
// the interface is.
struct cgate_hook_state {
    uint32_t program;       // id of the program under our priority and handle; 0: none
    uint32_t is_ours;       // it is this gate's
    uint32_t before_us;     // filters at our priority that the kernel asks before ours: later ones
    uint32_t tcx;           // tcx programs, which it asks before any filter
};
int cgate_hook_state(
    const struct cgate *gate, int interface, int is_bare, enum cgate_hook hook,
    struct cgate_hook_state *state);

// Finds the gate of which a program sits at that hook of that interface, by the kernel's ids.
// Needs CAP_SYS_ADMIN. -ENOENT: no program of any gate sits there. -EPROTO: one of another layout.
// Its programs are missing, as those that sit nowhere are gone: load them anew before anything is
// attached. Until then its arrays can be mapped, which is quick.
int cgate_find(int interface, enum cgate_hook hook, struct cgate *gate);

// Pins all parts in a directory of a bpffs, each replaced in one step, or opens them there: -ENOENT
// if one is missing.
int cgate_pin(const struct cgate *gate, const char *directory);
int cgate_open_pins(const char *directory, struct cgate *gate);
int cgate_unpin(const char *directory);
// Whether the directory is in a bpffs.
int cgate_is_bpffs(const char *directory);

// Runs one program over a frame, `repeat` times, without any interface. `*verdict` is what it
// returned, UINT32_MAX (TC_ACT_UNSPEC) for a frame that passes and 2 (TC_ACT_SHOT) for one that is
// dropped; `*nanoseconds` is the mean of one run. The kernel refuses frames below 14 octets,
// and from 6.18 on cut IP headers right behind the Ethernet header: -EINVAL.
int cgate_run(
    const struct cgate *gate, enum cgate_part program, const void *frame, size_t length,
    uint32_t repeat, uint32_t *verdict, uint32_t *nanoseconds);

#endif
