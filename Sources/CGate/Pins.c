// The gate's parts as files of a bpffs, which keeps them without any process.

#define _GNU_SOURCE

#include "CGate.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

// A dot, which would be the habit, is refused by the bpffs.
static const char fresh[] = "-new";

static int make_path(char *path, const char *directory, int part, const char *suffix) {
    int length = snprintf(path, PATH_MAX, "%s/%s%s", directory, cgate_name(part), suffix);
    return length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int remove_pin(const char *path) {
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

// Each pin is replaced in one step, so that at any moment there is the old one or the new one.
static int pin(const struct cgate *gate, const char *directory, int part) {
    char path[PATH_MAX], beside[PATH_MAX];
    int result = make_path(beside, directory, part, fresh);
    if (!result) result = make_path(path, directory, part, "");
    if (!result) result = remove_pin(beside);
    if (!result && bpf_obj_pin(gate->descriptors[part], beside) < 0) result = -errno;
    if (!result && rename(beside, path) < 0) {
        result = -errno;
        unlink(beside);
    }
    return result;
}

int cgate_pin(const struct cgate *gate, const char *directory) {
    int result = 0;
    for (int part = 0; part < CGATE_PARTS && !result; part++) result = pin(gate, directory, part);
    return result;
}

int cgate_open_pins(const char *directory, struct cgate *gate) {
    for (int part = 0; part < CGATE_PARTS; part++) gate->descriptors[part] = -1;
    int result = 0;
    for (int part = 0; part < CGATE_PARTS && !result; part++) {
        char path[PATH_MAX];
        result = make_path(path, directory, part, "");
        if (result) break;
        gate->descriptors[part] = bpf_obj_get(path);
        if (gate->descriptors[part] < 0) result = -errno;
    }
    if (result) cgate_close(gate);
    return result;
}

int cgate_unpin(const char *directory) {
    int result = 0;
    for (int part = 0; part < CGATE_PARTS; part++) {
        char path[PATH_MAX];
        int failure = make_path(path, directory, part, "");
        if (!failure) failure = remove_pin(path);
        if (!result) result = failure;
        failure = make_path(path, directory, part, fresh);
        if (!failure) failure = remove_pin(path);
        if (!result) result = failure;
    }
    return result;
}

int cgate_is_bpffs(const char *directory) {
    struct statfs system;
    if (statfs(directory, &system) < 0) return -errno;
    return system.f_type == BPF_FS_MAGIC;
}
