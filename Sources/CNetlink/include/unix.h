#pragma once

// Unix sockets: paths go into an array of characters, credentials are behind _GNU_SOURCE,
// descriptors travel as ancillary data.

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/// 0 where the path does not fit. A path that begins with '@' is in the abstract namespace.
static inline socklen_t vip_unix_address(const char *path, struct sockaddr_un *address) {
    size_t length = strlen(path);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (length == 0 || length >= sizeof address->sun_path)
        return 0;
    memcpy(address->sun_path, path, length);
    if (path[0] != '@')
        return sizeof *address;
    address->sun_path[0] = 0;
    return (socklen_t)(sizeof address->sun_family + length);
}

static inline int vip_unix_bind(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t length = vip_unix_address(path, &address);
    if (length == 0)
        return -ENAMETOOLONG;
    return bind(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
}

static inline int vip_unix_connect(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t length = vip_unix_address(path, &address);
    if (length == 0)
        return -ENAMETOOLONG;
    return connect(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
}

/// One datagram, with a descriptor where it is not negative.
static inline int vip_unix_send(int fd, const char *path, const void *octets, size_t count,
                                int descriptor) {
    struct sockaddr_un address;
    socklen_t length = vip_unix_address(path, &address);
    if (length == 0)
        return -ENAMETOOLONG;
    union {
        char octets[CMSG_SPACE(sizeof(int))];
        struct cmsghdr alignment;
    } control;
    struct iovec vector = {(void *)octets, count};
    struct msghdr message = {&address, length, &vector, 1, 0, 0, 0};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        control.alignment.cmsg_level = SOL_SOCKET;
        control.alignment.cmsg_type = SCM_RIGHTS;
        control.alignment.cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(&control.alignment), &descriptor, sizeof descriptor);
        message.msg_control = &control;
        message.msg_controllen = sizeof control.octets;
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static inline int vip_accept(int fd) {
    int client = (int)syscall(SYS_accept4, fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return client < 0 ? -errno : client;
}

/// ucred as the kernel has it.
struct vip_peer {
    int32_t pid;
    uint32_t uid, gid;
};

static inline int vip_peer_get(int fd, struct vip_peer *peer) {
    socklen_t length = sizeof *peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &length) < 0 ? -errno : 0;
}

/// Whether `group` is among the peer's supplementary groups, as they were when it connected.
static inline int vip_peer_has_group(int fd, uint32_t group) {
    enum { so_peergroups = 59, most = 65536 };
    socklen_t length = most * sizeof(uint32_t);
    uint32_t *groups = (uint32_t *)malloc(length);
    int found = 0;
    if (groups != 0 && getsockopt(fd, SOL_SOCKET, so_peergroups, groups, &length) == 0) {
        for (size_t index = 0; index < length / sizeof(uint32_t); index++)
            found |= groups[index] == group;
    }
    free(groups);
    return found;
}

/// A group's number by its name, or -1.
static inline int64_t vip_group_number(const char *name) {
    struct group entry, *found = 0;
    char buffer[16384];
    if (getgrnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || found == 0)
        return -1;
    return found->gr_gid;
}
