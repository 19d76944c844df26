// What the programs in the kernel and the process that feeds them have in common. A change here is
// a change of layout: count up the names of the maps in gate.bpf.c and CGate.c.

#ifndef CGATE_LAYOUT_H
#define CGATE_LAYOUT_H

#include <stdint.h>

// Groups, the entry 0 not among them; and addresses of each family.
#define CGATE_SLOTS 4096
#define CGATE_ADDRESSES 16384

// Slot 0 is no group's. There the gate counts what left unread: frames that could not be read to
// their end, dropped because they might have been about an address whose deadline has passed.
#define CGATE_UNREAD 0
// And what came in for a closed address, and this host was about to hand to somebody else. Its
// group is by chance what tells the notes of this gate from those of others (see gate_passage.h).
#define CGATE_DIVERTED 0

struct cgate_drops {
    uint64_t leaving;
    uint64_t arriving;
};

#endif
