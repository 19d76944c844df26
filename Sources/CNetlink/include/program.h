#pragma once

// Programs that are started, or become this process, and memory that is handed to them.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"

// linux/memfd.h and linux/fcntl.h, whose names glibc has behind _GNU_SOURCE only.
enum {
    vip_memory_close_on_exec = 1,
    vip_memory_sealable = 2,
    vip_add_seals = 1033,
    vip_get_seals = 1034,
    // F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE.
    vip_all_seals = 1 | 2 | 4 | 8,
};

/// A file without a name in any directory, in memory.
static inline int vip_memory_create(const char *name) {
    int fd = (int)syscall(SYS_memfd_create, name, vip_memory_close_on_exec | vip_memory_sealable);
    return fd < 0 ? -errno : fd;
}

/// From now on nobody can change it.
static inline int vip_memory_seal(int fd) {
    return fcntl(fd, vip_add_seals, vip_all_seals) < 0 ? -errno : 0;
}

static inline int vip_memory_is_sealed(int fd) {
    return fcntl(fd, vip_get_seals) == vip_all_seals;
}

/// Closes all descriptors of a range, both ends included.
static inline int vip_close_range(unsigned first, unsigned last) {
    return syscall(SYS_close_range, first, last, 0) < 0 ? -errno : 0;
}

/// Closes all descriptors behind standard error but these, which are in order, and lets those
/// outlive an execve.
static inline int vip_keep_only(const int *kept, size_t count) {
    unsigned first = STDERR_FILENO + 1;
    for (size_t index = 0; index < count; index++) {
        if (kept[index] < (int)first)
            continue;
        if (kept[index] > (int)first) {
            int result = vip_close_range(first, (unsigned)kept[index] - 1);
            if (result < 0)
                return result;
        }
        fcntl(kept[index], F_SETFD, 0);
        first = (unsigned)kept[index] + 1;
    }
    return vip_close_range(first, ~0u);
}

/// As important as any other program to the scheduler, and to the kernel where it runs out of
/// memory, whatever the agent is. What is refused stays as it is.
static inline void vip_become_ordinary(void) {
    struct sched_param parameter;
    memset(&parameter, 0, sizeof parameter);
    sched_setscheduler(0, SCHED_OTHER, &parameter);
    if (getpriority(PRIO_PROCESS, 0) < 0)
        setpriority(PRIO_PROCESS, 0, 0);
    int adjustment = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (adjustment < 0)
        return;
    (void)!write(adjustment, "0", 1);
    close(adjustment);
}

/// Starts a program in a process group of its own, with /dev/null to read from, no signal blocked
/// and none ignored, as an ordinary process, without any capability, and with no other descriptors
/// than the `kept` ones, in order.
///
/// The child gives up its capabilities itself: a thread of a process with locked memory that has
/// lost CAP_IPC_LOCK can't allocate any more. Until it has become the program it shares the
/// parent's memory, and the calling thread waits; no other thread does.
static __attribute__((noinline)) int vip_program_start(const char *path, char *const *arguments,
                                                       char *const *environment, int output,
                                                       int error, const int *kept,
                                                       size_t kept_count) {
    volatile int failure = 0;
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0)
        return -errno;
    pid_t pid = vfork();
    if (pid == 0) {
        // By system call: the library keeps two signals to itself, which may be ignored all the same.
        const unsigned long by_default[8] = {0};
        for (int number = 1; number < NSIG; number++)
            syscall(SYS_rt_sigaction, number, by_default, 0, 8);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, 0);
        vip_become_ordinary();
        if (setpgid(0, 0) == 0 && dup2(input, 0) == 0 && dup2(output, 1) == 1 &&
            dup2(error, 2) == 2 && vip_keep_only(kept, kept_count) == 0 &&
            vip_capabilities_drop_all() == 0)
            execve(path, arguments, environment);
        failure = errno;
        _exit(127);
    }
    if (pid < 0)
        failure = errno;
    close(input);
    if (pid > 0 && failure != 0)
        waitpid(pid, 0, 0);
    return failure != 0 ? -failure : pid;
}

/// Two ends of a pipe, the first to read from without waiting.
static inline int vip_pipe(int ends[2]) {
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) < 0)
        return -errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return 0;
}

/// Has all other threads of this process run before ordinary ones, or as ordinary ones again. Who
/// may not stays as it is.
static inline void vip_hurry_other_threads(int priority) {
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == 0)
        return;
    struct sched_param parameter;
    memset(&parameter, 0, sizeof parameter);
    parameter.sched_priority = priority;
    const int reset_on_fork = 0x40000000;
    const pid_t self = (pid_t)syscall(SYS_gettid);
    for (struct dirent *entry; (entry = readdir(tasks)) != 0;) {
        pid_t thread = (pid_t)atoi(entry->d_name);
        if (thread > 0 && thread != self)
            sched_setscheduler(thread, (priority > 0 ? SCHED_FIFO : SCHED_OTHER) | reset_on_fork,
                               &parameter);
    }
    closedir(tasks);
}

extern char **environ;
static inline char **vip_environment(void) { return environ; }

/// Becomes another program, and returns only if that fails.
static inline int vip_become(const char *path, char *const *arguments, char *const *environment) {
    execve(path, arguments, environment);
    return -errno;
}
