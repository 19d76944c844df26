// The conversation with rtnetlink. See route.h.

#include "CNetlink.h"

#include <errno.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

// Messages of one answer, so that a kernel with absurdly many addresses can't keep us, nor fill the
// memory with them. Hosts with 65,535 addresses of others are to be served, and have some more.
enum { MOST_MESSAGES = 1 << 18 };

// As large as the kernel makes its messages (NLMSG_GOODSIZE at most 32 KiB), with room. Without a
// size libnl would look at each message first, in a call of its own.
enum { LARGEST_READ = 1 << 16 };

struct vip_route {
    struct nl_sock *socket;
    struct nl_cb *callbacks;
    int receive_buffer, patience;
    vip_route_visitor visit;
    void *context;
    // Of the question that is open.
    uint32_t number;
    int64_t deadline;
    int messages, is_answered, error;
    char *text;
    size_t capacity;
};

// MARK: The socket

// libnl has numbers of its own, fewer than errno has.
static int failure_of(int result) {
    if (result == -NLE_AGAIN) return -EAGAIN;
    if (result == -NLE_MSG_TRUNC) return -EMSGSIZE;
    return errno ? -errno : -EPROTO;
}

// Numbers of questions go on where they were.
static int make_socket(struct vip_route *route) {
    nl_close(route->socket);
    errno = 0;
    int result = nl_connect(route->socket, NETLINK_ROUTE);
    if (result < 0) return failure_of(result);
    int fd = nl_socket_get_fd(route->socket);
    vip_set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    vip_set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    // Past the limit of rmem_max with CAP_NET_ADMIN, up to it without.
    if (vip_set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, route->receive_buffer) < 0)
        vip_set_option(fd, SOL_SOCKET, SO_RCVBUF, route->receive_buffer);
    struct timeval patience = {route->patience / 1000, route->patience % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return 0;
}

// MARK: Answers

static int is_from_kernel(struct nl_msg *message) { return nlmsg_get_src(message)->nl_pid == 0; }

static int is_late(const struct vip_route *route) {
    return !route->messages && vip_clock_nanoseconds(CLOCK_BOOTTIME) > route->deadline;
}

// Before anything else that libnl does with a message.
static int admit(struct nl_msg *message, void *argument) {
    struct vip_route *route = argument;
    if (is_late(route)) return -NLE_AGAIN;
    return is_from_kernel(message) && nlmsg_hdr(message)->nlmsg_seq == route->number ? NL_OK
                                                                                     : NL_SKIP;
}

static int take_record(struct nl_msg *message, void *argument) {
    struct vip_route *route = argument;
    if (++route->messages > MOST_MESSAGES) return -NLE_AGAIN;
    if (route->visit) route->visit(message, route->context);
    return NL_OK;
}

static int end(struct vip_route *route, int error) {
    route->is_answered = 1;
    route->error = error;
    return NL_STOP;
}

static int take_acknowledgment(struct nl_msg *message, void *argument) {
    (void)message;
    return end(argument, 0);
}

// libnl does not look at the error that a list may end with.
static int take_end(struct nl_msg *message, void *argument) {
    int error = 0;
    if (nlmsg_datalen(nlmsg_hdr(message)) >= (int)sizeof error)
        memcpy(&error, nlmsg_data(nlmsg_hdr(message)), sizeof error);
    return end(argument, error < 0 ? error : 0);
}

// The kernel's words stand behind the error, which libnl 3.7 reads no further.
static int take_refusal(struct sockaddr_nl *source, struct nlmsgerr *body, void *argument) {
    (void)source;
    struct vip_route *route = argument;
    struct nlmsghdr *header = (struct nlmsghdr *)((char *)body - NLMSG_HDRLEN);
    if (header->nlmsg_flags & NLM_F_ACK_TLVS) {
        int used = sizeof *body;
        if (!(header->nlmsg_flags & NLM_F_CAPPED))
            used += (int)(body->msg.nlmsg_len - sizeof body->msg);
        if (used >= 0 && used <= nlmsg_datalen(header)) {
            struct nlattr *words = nlmsg_find_attr(header, NLMSG_ALIGN(used), NLMSGERR_ATTR_MSG);
            if (words) nla_strlcpy(route->text, words, route->capacity);
        }
    }
    return end(route, body->error);
}

int vip_route_ask(struct vip_route *route, struct nl_msg *question, vip_route_visitor visit,
                  void *context, char *text, size_t capacity) {
    text[0] = 0;
    errno = 0;
    // The one before may have left none behind.
    int result = vip_route_fd(route) < 0 ? make_socket(route) : 0;
    if (!result) result = nl_send_auto(route->socket, question);
    route->number = nlmsg_hdr(question)->nlmsg_seq;
    nlmsg_free(question);
    if (result < 0) return failure_of(result);
    route->visit = visit;
    route->context = context;
    route->text = text;
    route->capacity = capacity;
    route->messages = route->is_answered = route->error = 0;
    route->deadline =
        vip_clock_nanoseconds(CLOCK_BOOTTIME) + (int64_t)route->patience * 1000000;
    do {
        errno = 0;
        result = nl_recvmsgs_report(route->socket, route->callbacks);
    } while (!route->is_answered && result >= 0 && !is_late(route));
    if (route->is_answered)
        return route->error ? route->error : result == -NLE_DUMP_INTR ? -EINTR : 0;
    int failure = result >= 0 || result == -NLE_AGAIN ? -ETIMEDOUT : failure_of(result);
    make_socket(route);
    return failure;
}

// MARK: What is told without a question

static int hear(struct nl_msg *message, void *argument) {
    struct vip_route *route = argument;
    if (is_from_kernel(message)) route->visit(message, route->context);
    // libnl does nothing else with it: of a message with NLM_F_MULTI it would wait for the rest.
    return NL_SKIP;
}

int vip_route_subscribe(struct vip_route *route, const int32_t *groups, int count) {
    nl_cb_set(route->callbacks, NL_CB_MSG_IN, NL_CB_CUSTOM, hear, route);
    for (int index = 0; index < count; index++) {
        errno = 0;
        int result = nl_socket_add_membership(route->socket, groups[index]);
        if (result < 0) return failure_of(result);
    }
    return nl_socket_set_nonblocking(route->socket) < 0 ? -EPROTO : 0;
}

int vip_route_listen(struct vip_route *route, vip_route_visitor visit, void *context) {
    route->visit = visit;
    route->context = context;
    errno = 0;
    int result = nl_recvmsgs_report(route->socket, route->callbacks);
    // No memory, here or in the kernel (ENOBUFS): either way something is lost.
    if (result == -NLE_NOMEM) return -ENOBUFS;
    return result < 0 ? failure_of(result) : 0;
}

// MARK: Open and close

struct vip_route *vip_route_open(int receive_buffer, int patience, int *failure) {
    struct vip_route *route = calloc(1, sizeof *route);
    *failure = -ENOMEM;
    if (!route) return NULL;
    route->receive_buffer = receive_buffer;
    route->patience = patience;
    route->callbacks = nl_cb_alloc(NL_CB_DEFAULT);
    if (route->callbacks) route->socket = nl_socket_alloc_cb(route->callbacks);
    if (route->socket) {
        nl_socket_disable_seq_check(route->socket);
        nl_socket_set_msg_buf_size(route->socket, LARGEST_READ);
        nl_cb_set(route->callbacks, NL_CB_MSG_IN, NL_CB_CUSTOM, admit, route);
        nl_cb_set(route->callbacks, NL_CB_VALID, NL_CB_CUSTOM, take_record, route);
        nl_cb_set(route->callbacks, NL_CB_ACK, NL_CB_CUSTOM, take_acknowledgment, route);
        nl_cb_set(route->callbacks, NL_CB_FINISH, NL_CB_CUSTOM, take_end, route);
        nl_cb_err(route->callbacks, NL_CB_CUSTOM, take_refusal, route);
        *failure = make_socket(route);
    }
    if (!*failure) return route;
    vip_route_close(route);
    return NULL;
}

void vip_route_close(struct vip_route *route) {
    nl_socket_free(route->socket);
    nl_cb_put(route->callbacks);
    free(route);
}

int vip_route_fd(const struct vip_route *route) { return nl_socket_get_fd(route->socket); }

// MARK: Objects

static void keep(struct nl_object *object, void *argument) {
    nl_object_get(object);
    *(struct nl_object **)argument = object;
}

struct nl_object *vip_route_object(struct nl_msg *message) {
    struct nl_object *object = NULL;
    nl_msg_parse(message, keep, &object);
    return object;
}

// By hand: all that counts stands in the fixed part. libnl 3.7 knows no messages about chains, and
// gives no object for a filter with options that it can't read.
int32_t vip_clsact_interface(const struct nlmsghdr *message) {
    int type = message->nlmsg_type;
    int is_qdisc = type == RTM_NEWQDISC || type == RTM_DELQDISC;
    int is_filter = type == RTM_NEWTFILTER || type == RTM_DELTFILTER || type == RTM_NEWCHAIN ||
                    type == RTM_DELCHAIN;
    if ((!is_qdisc && !is_filter) || !nlmsg_valid_hdr(message, sizeof(struct tcmsg))) return 0;
    const struct tcmsg *body = nlmsg_data(message);
    // Both kinds have this handle, and filters at them are in its range.
    uint32_t handle = is_qdisc ? body->tcm_handle : body->tcm_parent;
    return TC_H_MAJ(handle) == TC_H_MAJ(TC_H_INGRESS) ? body->tcm_ifindex : 0;
}
