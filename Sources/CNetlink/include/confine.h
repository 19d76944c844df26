#pragma once

// What a process takes away from itself for good: a filter of system calls, and dumps of its memory.

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { vip_native_architecture = (int)AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { vip_native_architecture = (int)AUDIT_ARCH_AARCH64 };
#else
#error "the filter of system calls has to know this architecture's number"
#endif

/// Neither a core nor, for other processes of the user, the memory: it has the cluster's key.
static inline int vip_become_undumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

/// Beyond every protocol that a kernel has: without the filter the answer is EPROTONOSUPPORT.
enum { vip_no_such_protocol = 1000 };

/// Whether this process runs under the filter already, which outlives an execve.
static inline int vip_is_confined(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, vip_no_such_protocol);
    int code = errno;
    if (fd >= 0)
        close(fd);
    return fd < 0 && code == EPERM;
}

/// The program of the filter; 28 instructions at most. Offsets are those of struct seccomp_data, of
/// whose arguments the kernel looks at the lower halves here, as these calls take integers.
///
/// - socket: of netlink the routes only (protocol 0), so no nf_tables, xfrm, generic netlink.
/// - bpf: no program is put anywhere (the gate is attached by rtnetlink).
/// - io_uring: it makes sockets past any filter.
/// - other architectures' calls, which have other numbers: none.
static inline unsigned vip_filter_program(struct sock_filter *program) {
    enum {
        low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4,
        number = offsetof(struct seccomp_data, nr),
        architecture = offsetof(struct seccomp_data, arch),
        first = offsetof(struct seccomp_data, args) + low,
        third = offsetof(struct seccomp_data, args) + 16 + low,
        // x32: another table of calls under the same architecture.
        foreign = 0x40000000,
        io_uring_setup = 425,
    };
    const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_filter refuse =
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA));
    const struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, architecture),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)vip_native_architecture, 1, 0),
        refuse,
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, foreign, 0, 1),
        refuse,
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, io_uring_setup, 0, 1),
        refuse,
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, first),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, third),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        refuse,
        allow,
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 1, 0),
        allow,
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, first),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_LINK_CREATE, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_PROG_ATTACH, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_RAW_TRACEPOINT_OPEN, 1, 0),
        allow,
        refuse,
    };
    unsigned count = sizeof instructions / sizeof instructions[0];
    for (unsigned index = 0; index < count; index++)
        program[index] = instructions[index];
    return count;
}

enum { vip_most_filter_instructions = 28 };

/// Puts all threads under the filter. Without CAP_SYS_ADMIN that takes no_new_privs, which is set
/// then: programs that are run later get no rights beyond those of this one.
static inline int vip_confine(void) {
    struct sock_filter instructions[vip_most_filter_instructions];
    struct sock_fprog program;
    program.len = (unsigned short)vip_filter_program(instructions);
    program.filter = instructions;
    // No slower calls in return for it, on kernels that would have it so by themselves.
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    for (int attempt = 0; attempt < 2; attempt++) {
        long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
        if (result == 0)
            return 0;
        if (result > 0)
            return -ESRCH;
        if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
            return -errno;
    }
    return -EACCES;
}
