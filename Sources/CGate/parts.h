// What the files of CGate share. Not for others.

#ifndef CGATE_PARTS_H
#define CGATE_PARTS_H

#include <linux/bpf.h>

#include "CGate.h"

static inline int cgate_is_map(int part) { return part >= CGATE_DEADLINES; }

// Keeps libbpf from printing. To be called before any of its functions that may.
void cgate_quiet(void);

// What the kernel knows of a program, with up to `count` ids of its maps; `nr_map_ids` is how many
// it has. 0 or -errno.
int cgate_program(int descriptor, struct bpf_prog_info *info, uint32_t *maps, uint32_t count);

// Whether a program's name is that of a gate, of whatever build and layout.
int cgate_is_gate_program(const char *name);

// Which part a map is, and its id; -EPROTO if it is none of ours, or of another layout.
int cgate_map_part(int descriptor, uint32_t *identifier);

#endif
