#pragma once

// Event loop, clocks, capabilities.

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/// Name of an errno, such as EPERM (glibc 2.32); declared here because of _GNU_SOURCE.
extern const char *strerrorname_np(int number);
/// Text of an errno, untranslated and without a buffer that threads would share.
extern const char *strerrordesc_np(int number);

static inline const char *vip_errno_name(int number) { return strerrorname_np(number); }
static inline const char *vip_errno_text(int number) { return strerrordesc_np(number); }

static inline int64_t vip_clock_nanoseconds(clockid_t clock) {
    struct timespec reading;
    clock_gettime(clock, &reading);
    return (int64_t)reading.tv_sec * 1000000000 + reading.tv_nsec;
}

// The event mask's constants are an enum without a name for Swift; epoll_event is packed and holds
// a union.
static inline int vip_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

enum { vip_epoll_in = EPOLLIN, vip_epoll_out = EPOLLOUT };

static inline int vip_epoll_set(int epoll, int operation, int fd, int events, uint64_t token) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = (uint32_t)events;
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

static inline int vip_epoll_wait(int epoll, struct epoll_event *events, int capacity, int timeout) {
    int count = epoll_wait(epoll, events, capacity, timeout);
    return count < 0 ? -errno : count;
}

static inline uint64_t vip_epoll_token(const struct epoll_event *event) { return event->data.u64; }
static inline int vip_epoll_readable(const struct epoll_event *event) {
    return (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
}
static inline int vip_epoll_writable(const struct epoll_event *event) {
    return (event->events & EPOLLOUT) != 0;
}
static inline int vip_epoll_hung_up(const struct epoll_event *event) {
    return (event->events & (EPOLLHUP | EPOLLERR)) != 0;
}

static inline int vip_boottime_timer_create(void) {
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/// Arms the timer for a point of CLOCK_BOOTTIME in nanoseconds; zero disarms it.
static inline int vip_boottime_timer_set(int fd, int64_t deadline) {
    struct itimerspec setting;
    memset(&setting, 0, sizeof setting);
    setting.it_value.tv_sec = deadline / 1000000000;
    setting.it_value.tv_nsec = deadline % 1000000000;
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, 0) < 0 ? -errno : 0;
}

static inline int vip_eventfd_create(int nonblocking) {
    int fd = eventfd(0, EFD_CLOEXEC | (nonblocking ? EFD_NONBLOCK : 0));
    return fd < 0 ? -errno : fd;
}

/// Blocks the signals of `mask` in this thread, and in all that it starts from now on.
static inline int vip_signalfd_create(const sigset_t *mask) {
    int failure = pthread_sigmask(SIG_BLOCK, mask, 0);
    if (failure != 0)
        return -failure;
    int fd = signalfd(-1, mask, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/// The next signal's number, or -EAGAIN.
static inline int vip_signalfd_next(int fd) {
    struct signalfd_siginfo info;
    ssize_t count = read(fd, &info, sizeof info);
    return count < 0 ? -errno : (int)info.ssi_signo;
}

/// For threads beside the main one, so that a signal finds the thread that reads it.
static inline void vip_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, 0);
}

static inline void vip_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

/// The three capability sets of this process; glibc has no wrapper, and libcap would be a library
/// for two calls.
struct vip_capabilities {
    uint64_t effective, permitted, inheritable;
};

static inline int vip_capabilities_get(struct vip_capabilities *sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    sets->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    sets->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    sets->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
    return 0;
}

/// For the calling thread only, as everything in Linux about capabilities: call it while there is
/// only one.
static inline int vip_capabilities_drop_all(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    for (int capability = 0; capability <= 63; capability++) {
        // EINVAL: past the kernel's last one. EPERM: no CAP_SETPCAP, then no_new_privs has to do.
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            break;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
        return -errno;
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/// SCHED_FIFO for this thread; children start as ordinary processes.
static inline int vip_become_realtime(int priority) {
    struct sched_param parameter;
    memset(&parameter, 0, sizeof parameter);
    parameter.sched_priority = priority;
    const int reset_on_fork = 0x40000000;
    return sched_setscheduler(0, SCHED_FIFO | reset_on_fork, &parameter) < 0 ? -errno : 0;
}

/// Whether this thread runs before all ordinary ones; 0 also where that can't be asked.
static inline int vip_is_realtime(void) {
    const int reset_on_fork = 0x40000000;
    int policy = sched_getscheduler(0) & ~reset_on_fork;
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static inline int vip_lock_memory(void) {
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ? -errno : 0;
}

/// MADV_DONTNEED_LOCKED (Linux 5.18), which glibc 2.36 doesn't know yet.
enum { vip_madvise_dontneed_locked = 24 };

/// A network namespace of its own for this thread (CLONE_NEWNET, behind _GNU_SOURCE).
static inline int vip_unshare_network(void) {
    return syscall(SYS_unshare, 0x40000000) < 0 ? -errno : 0;
}

/// What `ps -L` and `top -H` call this thread, of at most 15 characters; prctl is variadic.
static inline void vip_name_thread(const char *name) {
    (void)prctl(PR_SET_NAME, (unsigned long)name, 0ul, 0ul, 0ul);
}

// fcntl and open are variadic.
static inline int vip_open(const char *path, int flags, mode_t mode) {
    int fd = open(path, flags | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

static inline int vip_set_close_on_exec(int fd, int on) {
    return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}
