// The gate's programs and maps: making them, knowing them again, and what is in them.

#define _GNU_SOURCE

#include "CGate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gate_bytes.h"
#include "parts.h"

// The kernel's names of programs end with the build, those of maps begin with the layout.
static const struct part {
    const char *name;       // for people, pins and the service manager
    const char *kernel;     // what the kernel calls it, without the build
    enum bpf_map_type type; // of a map
    uint32_t key, value, entries, flags;
} parts[CGATE_PARTS] = {
    [CGATE_EGRESS] = {.name = "gate-egress", .kernel = "gate_el_"},
    [CGATE_INGRESS] = {.name = "gate-ingress", .kernel = "gate_ea_"},
    [CGATE_EGRESS_BARE] = {.name = "gate-egress-bare", .kernel = "gate_bl_"},
    [CGATE_INGRESS_BARE] = {.name = "gate-ingress-bare", .kernel = "gate_ba_"},
    [CGATE_DEADLINES] = {
        "gate-deadlines", "gate1_deadlines", BPF_MAP_TYPE_ARRAY,
        4, sizeof(uint64_t), CGATE_SLOTS, BPF_F_MMAPABLE,
    },
    [CGATE_DROPS] = {
        "gate-drops", "gate1_drops", BPF_MAP_TYPE_ARRAY,
        4, sizeof(struct cgate_drops), CGATE_SLOTS, BPF_F_MMAPABLE,
    },
    [CGATE_GROUPS] = {
        "gate-groups", "gate1_groups", BPF_MAP_TYPE_ARRAY,
        4, sizeof(uint64_t), CGATE_SLOTS, BPF_F_MMAPABLE,
    },
    [CGATE_IPV4] = {"gate-ipv4", "gate1_ipv4", BPF_MAP_TYPE_HASH, 4, 4, CGATE_ADDRESSES, 0},
    [CGATE_IPV6] = {"gate-ipv6", "gate1_ipv6", BPF_MAP_TYPE_HASH, 16, 4, CGATE_ADDRESSES, 0},
};

const char *cgate_name(enum cgate_part part) { return parts[part].name; }

// MARK: libbpf's words

// libbpf has one printer in the process; each thread that wants to hear says where.
static _Thread_local struct {
    char *text;
    size_t size;
} listener;

__attribute__((format(printf, 2, 0)))
static int hear(enum libbpf_print_level level, const char *format, va_list arguments) {
    if (level != LIBBPF_WARN || !listener.text) return 0;
    size_t used = strlen(listener.text);
    return vsnprintf(listener.text + used, listener.size - used, format, arguments);
}

static void be_quiet(void) { libbpf_set_print(hear); }

void cgate_quiet(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, be_quiet);
}

// MARK: Loading

static int duplicate(int descriptor) {
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
}

static void forget(struct cgate *gate) {
    for (int part = 0; part < CGATE_PARTS; part++) gate->descriptors[part] = -1;
}

void cgate_close(struct cgate *gate) {
    for (int part = 0; part < CGATE_PARTS; part++)
        if (gate->descriptors[part] >= 0) close(gate->descriptors[part]);
    forget(gate);
}

// Takes the descriptors over from libbpf's object, which closes its own.
static int take_parts(const struct bpf_object *object, struct cgate *gate) {
    for (int part = 0; part < CGATE_PARTS; part++) {
        int descriptor;
        if (cgate_is_map(part)) {
            descriptor = bpf_object__find_map_fd_by_name(object, parts[part].kernel);
        } else {
            char name[BPF_OBJ_NAME_LEN];
            snprintf(name, sizeof name, "%s%s", parts[part].kernel, GATE_BUILD);
            const struct bpf_program *program = bpf_object__find_program_by_name(object, name);
            descriptor = program ? bpf_program__fd(program) : -ENOENT;
        }
        if (descriptor >= 0) descriptor = duplicate(descriptor);
        if (descriptor < 0) return descriptor;
        gate->descriptors[part] = descriptor;
    }
    return 0;
}

// Not every program uses this map. Bound to them, it lives as long as they do, and is found.
static int bind_groups(const struct cgate *gate) {
    for (int part = 0; part < CGATE_DEADLINES; part++)
        if (bpf_prog_bind_map(gate->descriptors[part], gate->descriptors[CGATE_GROUPS], NULL) < 0)
            return -errno;
    return 0;
}

// Gives the gate a signature of its own where it has none yet: see gate_passage.h. Nobody has to be
// kept from guessing it.
static int sign(const struct cgate *gate) {
    uint32_t slot = CGATE_UNREAD;
    uint64_t signature;
    int map = gate->descriptors[CGATE_GROUPS];
    if (bpf_map_lookup_elem(map, &slot, &signature) < 0) return -errno;
    if (signature) return 0;
    if (getrandom(&signature, sizeof signature, GRND_NONBLOCK) < 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        signature = (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 8;
    }
    signature |= UINT64_C(1) << 63;
    return bpf_map_update_elem(map, &slot, &signature, BPF_ANY) < 0 ? -errno : 0;
}

// Loads everything, with the maps of `old` where there are any.
static int load(const struct cgate *old, struct cgate *gate) {
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "vip-agent gate");
    struct bpf_object *object = bpf_object__open_mem(gate_bytes, sizeof gate_bytes, &options);
    if (!object) return -errno;
    int result = 0;
    for (int part = CGATE_DEADLINES; old && part < CGATE_PARTS && !result; part++) {
        struct bpf_map *map = bpf_object__find_map_by_name(object, parts[part].kernel);
        result = map ? bpf_map__reuse_fd(map, old->descriptors[part]) : -ENOENT;
    }
    if (!result) result = bpf_object__load(object);
    forget(gate);
    if (!result) result = take_parts(object, gate);
    if (!result) result = bind_groups(gate);
    if (!result) result = sign(gate);
    if (result) cgate_close(gate);
    bpf_object__close(object);
    return result;
}

static int load_listening(const struct cgate *old, struct cgate *gate, char *text, size_t size) {
    cgate_quiet();
    if (size) text[0] = 0;
    listener.text = size ? text : NULL;
    listener.size = size;
    int result = load(old, gate);
    listener.text = NULL;
    return result;
}

int cgate_load(struct cgate *gate, char *text, size_t size) {
    return load_listening(NULL, gate, text, size);
}

int cgate_reload_programs(struct cgate *gate, char *text, size_t size) {
    struct cgate fresh;
    int result = load_listening(gate, &fresh, text, size);
    if (result) return result;
    for (int part = 0; part < CGATE_PARTS; part++) {
        // The new descriptors of the maps are other names for the old ones.
        if (cgate_is_map(part)) {
            close(fresh.descriptors[part]);
        } else {
            if (gate->descriptors[part] >= 0) close(gate->descriptors[part]);
            gate->descriptors[part] = fresh.descriptors[part];
        }
    }
    return 0;
}

// MARK: Knowing a gate again

int cgate_program(int descriptor, struct bpf_prog_info *info, uint32_t *maps, uint32_t count) {
    memset(info, 0, sizeof *info);
    info->map_ids = (uint64_t)(uintptr_t)maps;
    info->nr_map_ids = count;
    uint32_t size = sizeof *info;
    return bpf_obj_get_info_by_fd(descriptor, info, &size) < 0 ? -errno : 0;
}

static int map_info(int descriptor, struct bpf_map_info *info) {
    memset(info, 0, sizeof *info);
    uint32_t size = sizeof *info;
    return bpf_obj_get_info_by_fd(descriptor, info, &size) < 0 ? -errno : 0;
}

int cgate_map_part(int descriptor, uint32_t *identifier) {
    struct bpf_map_info info;
    int result = map_info(descriptor, &info);
    if (result) return result;
    *identifier = info.id;
    for (int part = CGATE_DEADLINES; part < CGATE_PARTS; part++) {
        if (strcmp(info.name, parts[part].kernel)) continue;
        int is_ours = info.type == parts[part].type && info.key_size == parts[part].key
                      && info.value_size == parts[part].value
                      && info.max_entries == parts[part].entries
                      && info.map_flags == parts[part].flags;
        return is_ours ? part : -EPROTO;
    }
    return -EPROTO;
}

int cgate_is_gate_program(const char *name) {
    return !strncmp(name, "gate_", 5) && strlen(name) == BPF_OBJ_NAME_LEN - 1;
}

// Whether it is the program of that part, and uses the gate's maps and no others. 1: another build.
static int inspect_program(int descriptor, int part, const uint32_t *identifiers) {
    struct bpf_prog_info info;
    uint32_t maps[CGATE_PARTS];
    int result = cgate_program(descriptor, &info, maps, CGATE_PARTS);
    if (result) return result;
    size_t length = strlen(parts[part].kernel);
    if (info.type != BPF_PROG_TYPE_SCHED_CLS || strncmp(info.name, parts[part].kernel, length))
        return -EPROTO;
    if (!info.nr_map_ids || info.nr_map_ids > CGATE_PARTS) return -EPROTO;
    for (uint32_t index = 0; index < info.nr_map_ids; index++) {
        int known = 0;
        for (int map = CGATE_DEADLINES; map < CGATE_PARTS; map++)
            known |= identifiers[map] == maps[index];
        if (!known) return -EPROTO;
    }
    return strcmp(info.name + length, GATE_BUILD) != 0;
}

int cgate_inspect(const struct cgate *gate) {
    uint32_t identifiers[CGATE_PARTS];
    for (int part = CGATE_DEADLINES; part < CGATE_PARTS; part++) {
        int found = cgate_map_part(gate->descriptors[part], &identifiers[part]);
        if (found != part) return -EPROTO;
    }
    int is_other_build = 0;
    for (int part = 0; part < CGATE_DEADLINES; part++) {
        if (gate->descriptors[part] < 0) {
            is_other_build = 1;
            continue;
        }
        int result = inspect_program(gate->descriptors[part], part, identifiers);
        if (result < 0) return -EPROTO;
        is_other_build |= result;
    }
    return is_other_build;
}

// MARK: What is in the maps

void *cgate_map(const struct cgate *gate, enum cgate_part part) {
    if (part < CGATE_DEADLINES || part > CGATE_GROUPS) {
        errno = EINVAL;
        return NULL;
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (size_t)parts[part].value * parts[part].entries;
    void *address = mmap(
        NULL, (size + page - 1) / page * page, PROT_READ | PROT_WRITE, MAP_SHARED,
        gate->descriptors[part], 0);
    return address == MAP_FAILED ? NULL : address;
}

static int addresses(const struct cgate *gate, int family) {
    switch (family) {
    case AF_INET:
        return gate->descriptors[CGATE_IPV4];
    case AF_INET6:
        return gate->descriptors[CGATE_IPV6];
    default:
        return -EAFNOSUPPORT;
    }
}

int cgate_put_address(const struct cgate *gate, int family, const void *address, uint32_t slot) {
    int map = addresses(gate, family);
    if (map < 0) return map;
    if (slot == CGATE_UNREAD || slot >= CGATE_SLOTS) return -EINVAL;
    return bpf_map_update_elem(map, address, &slot, BPF_ANY) < 0 ? -errno : 0;
}

int cgate_put_addresses(const struct cgate *gate, int family, const void *list,
                        const uint32_t *slots, uint32_t count) {
    int map = addresses(gate, family);
    if (map < 0) return map;
    if (!count) return 0;
    for (uint32_t index = 0; index < count; index++) {
        if (slots[index] == CGATE_UNREAD || slots[index] >= CGATE_SLOTS) return -EINVAL;
    }
    LIBBPF_OPTS(bpf_map_batch_opts, options, .elem_flags = BPF_ANY);
    uint32_t done = count;
    if (!bpf_map_update_batch(map, list, slots, &done, &options)) return 0;
    // It ends at the first that is refused, and an older kernel does not begin.
    size_t size = family == AF_INET ? 4 : 16;
    int failure = 0;
    for (uint32_t index = 0; index < count; index++) {
        const uint8_t *address = (const uint8_t *)list + index * size;
        int result = cgate_put_address(gate, family, address, slots[index]);
        if (!failure) failure = result;
    }
    return failure;
}

int cgate_take_address(const struct cgate *gate, int family, const void *address) {
    int map = addresses(gate, family);
    if (map < 0) return map;
    return bpf_map_delete_elem(map, address) < 0 ? -errno : 0;
}

int cgate_find_address(const struct cgate *gate, int family, const void *address, uint32_t *slot) {
    int map = addresses(gate, family);
    if (map < 0) return map;
    return bpf_map_lookup_elem(map, address, slot) < 0 ? -errno : 0;
}

static int visit_family(int map, int family, cgate_address_visitor visitor, void *context) {
    uint8_t address[16], next[16];
    int failure = bpf_map_get_next_key(map, NULL, next) < 0 ? errno : 0;
    while (!failure) {
        memcpy(address, next, sizeof address);
        // The next one is asked for first, so that the visitor may take this one out.
        failure = bpf_map_get_next_key(map, address, next) < 0 ? errno : 0;
        uint32_t slot;
        if (bpf_map_lookup_elem(map, address, &slot) < 0) continue;
        int result = visitor(family, address, slot, context);
        if (result) return result;
    }
    return failure == ENOENT ? 0 : -failure;
}

int cgate_visit_addresses(
    const struct cgate *gate, cgate_address_visitor visitor, void *context)
{
    int result = visit_family(gate->descriptors[CGATE_IPV4], AF_INET, visitor, context);
    return result ? result
                  : visit_family(gate->descriptors[CGATE_IPV6], AF_INET6, visitor, context);
}

// MARK: Trying it

enum { ETHERNET_HEADER = 14, LONGEST_FRAME = 65535 };

int cgate_run(
    const struct cgate *gate, enum cgate_part program, const void *frame, size_t length,
    uint32_t repeat, uint32_t *verdict, uint32_t *nanoseconds)
{
    if (program > CGATE_INGRESS_BARE) return -EINVAL;
    if (length > LONGEST_FRAME - ETHERNET_HEADER) return -EMSGSIZE;
    // The kernel takes every frame for one with an Ethernet header, and puts the network header
    // behind it, which is where arriving frames of bare links are read.
    size_t header = program == CGATE_INGRESS_BARE ? ETHERNET_HEADER : 0;
    uint8_t *copy = calloc(1, header + length + 1);
    if (!copy) return -ENOMEM;
    memcpy(copy + header, frame, length);
    LIBBPF_OPTS(
        bpf_test_run_opts, run, .data_in = copy, .data_size_in = (uint32_t)(header + length),
        .repeat = (int)repeat);
    int result = bpf_prog_test_run_opts(gate->descriptors[program], &run) < 0 ? -errno : 0;
    free(copy);
    if (result) return result;
    *verdict = run.retval;
    *nanoseconds = run.duration;
    return 0;
}
