// Where the gate sits: qdiscs and filters of an interface, over rtnetlink.

#define _GNU_SOURCE

#include "CGate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "parts.h"

// The first priority that the kernel asks, and a handle that nobody takes by chance.
enum { PRIORITY = 1, HANDLE = 0x76697001 };

static uint32_t parent(enum cgate_hook hook) {
    return TC_H_MAKE(TC_H_CLSACT, hook == CGATE_LEAVING ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

// MARK: Asking the kernel

struct request {
    struct nlmsghdr header;
    struct tcmsg body;
};

// Called for each message of a list; other than 0 is kept, and the rest is only read.
typedef int (*message_visitor)(const struct nlmsghdr *message, void *context);

enum { ATTEMPTS = 8, ANSWER_SECONDS = 5 };

// Reads a list to its end. 0, what the visitor said, or -errno; -EINTR for a list that changed while
// it was made.
static int read_list(int socket, message_visitor visitor, void *context) {
    _Alignas(struct nlmsghdr) char buffer[32768];
    int result = 0, is_torn = 0;
    for (;;) {
        ssize_t count = recv(socket, buffer, sizeof buffer, MSG_TRUNC);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -errno;
        if ((size_t)count > sizeof buffer) return -EMSGSIZE;
        size_t left = (size_t)count;
        for (struct nlmsghdr *message = (void *)buffer; NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            is_torn |= message->nlmsg_flags & NLM_F_DUMP_INTR;
            if (message->nlmsg_type == NLMSG_ERROR)
                return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
            if (message->nlmsg_type == NLMSG_DONE) {
                int error = *(const int *)NLMSG_DATA(message);
                return error < 0 ? error : is_torn ? -EINTR : result;
            }
            if (!result) result = visitor(message, context);
        }
    }
}

static int ask(struct request *request, message_visitor visitor, void *context) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (descriptor < 0) return -errno;
    // The kernel answers within the call; the bound is for one that does not answer at all.
    struct timeval bound = {.tv_sec = ANSWER_SECONDS};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int result = 0;
    if (sendto(
            descriptor, request, sizeof *request, 0, (struct sockaddr *)&kernel, sizeof kernel)
        < 0)
        result = -errno;
    if (!result) result = read_list(descriptor, visitor, context);
    close(descriptor);
    return result;
}

static int list(
    int type, int interface, uint32_t parent, message_visitor visitor, void *context)
{
    struct request request = {
        .header = {
            .nlmsg_len = sizeof request,
            .nlmsg_type = (uint16_t)type,
            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
        },
        .body = {.tcm_family = AF_UNSPEC, .tcm_ifindex = interface, .tcm_parent = parent},
    };
    return ask(&request, visitor, context);
}

static const struct rtattr *find(const struct rtattr *first, size_t size, unsigned short type) {
    for (const struct rtattr *each = first; RTA_OK(each, size); each = RTA_NEXT(each, size))
        if ((each->rta_type & NLA_TYPE_MASK) == type) return each;
    return NULL;
}

static const struct rtattr *attribute(const struct nlmsghdr *message, unsigned short type) {
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct tcmsg))) return NULL;
    const struct rtattr *first = TCA_RTA((struct tcmsg *)NLMSG_DATA(message));
    return find(first, TCA_PAYLOAD(message), type);
}

static int is_kind(const struct nlmsghdr *message, const char *kind) {
    const struct rtattr *attr = attribute(message, TCA_KIND);
    size_t size = strlen(kind) + 1;
    return attr && RTA_PAYLOAD(attr) >= size && !memcmp(RTA_DATA(attr), kind, size);
}

// MARK: The qdisc

enum { OTHER_QDISC = 1, CLSACT = 2 };

static int take_qdisc(const struct nlmsghdr *message, void *context) {
    if (message->nlmsg_type != RTM_NEWQDISC
        || message->nlmsg_len < NLMSG_LENGTH(sizeof(struct tcmsg)))
        return 0;
    const struct tcmsg *body = NLMSG_DATA(message);
    if (body->tcm_ifindex != *(const int *)context || body->tcm_parent != TC_H_CLSACT) return 0;
    return is_kind(message, "clsact") ? CLSACT : OTHER_QDISC;
}

// What is in the place of the clsact qdisc: 0 for nothing, or -errno. All qdiscs are listed for it:
// asked for one, the kernel tells it to everybody who listens for changes.
static int find_qdisc(int interface) {
    return list(RTM_GETQDISC, interface, 0, take_qdisc, &interface);
}

static int make_qdisc(int interface) {
    LIBBPF_OPTS(
        bpf_tc_hook, hook, .ifindex = interface, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
    int result = bpf_tc_hook_create(&hook);
    if (result != -EEXIST) return result;
    // Filters for egress would silently end up at the ingress of the qdisc of that name.
    result = find_qdisc(interface);
    return result < 0 ? result : result == CLSACT ? 0 : -EEXIST;
}

// MARK: The filters

struct filters {
    uint32_t total, before_us, program;
};

static int take_filter(const struct nlmsghdr *message, void *context) {
    struct filters *filters = context;
    if (message->nlmsg_type != RTM_NEWTFILTER) return 0;
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct tcmsg))) return 0;
    const struct tcmsg *body = NLMSG_DATA(message);
    filters->total++;
    // Each priority is listed once for itself, without a handle, and then filter by filter in the
    // order in which the kernel asks them. Chains other than the first are asked by filters only.
    const struct rtattr *chain = attribute(message, TCA_CHAIN);
    if (chain && *(const uint32_t *)RTA_DATA(chain)) return 0;
    if (TC_H_MAJ(body->tcm_info) >> 16 != PRIORITY || !body->tcm_handle) return 0;
    if (body->tcm_handle != HANDLE) {
        if (!filters->program) filters->before_us++;
        return 0;
    }
    const struct rtattr *options = attribute(message, TCA_OPTIONS);
    if (!options || !is_kind(message, "bpf")) return 0;
    const struct rtattr *program = find(RTA_DATA(options), RTA_PAYLOAD(options), TCA_BPF_ID);
    if (program) memcpy(&filters->program, RTA_DATA(program), sizeof filters->program);
    return 0;
}

// What is at that hook. Without a qdisc the list is empty, and without the interface too.
static int list_filters(int interface, enum cgate_hook hook, struct filters *filters) {
    char name[IF_NAMESIZE];
    int result = -EINTR;
    for (int attempt = 0; attempt < ATTEMPTS && result == -EINTR; attempt++) {
        *filters = (struct filters){0};
        result = list(RTM_GETTFILTER, interface, parent(hook), take_filter, filters);
    }
    if (!result && !filters->total && !if_indextoname((unsigned)interface, name)) return -ENODEV;
    // Without our filter nothing is before us.
    if (!filters->program) filters->before_us = 0;
    return result;
}

static struct bpf_tc_hook libbpf_hook(int interface, enum cgate_hook hook) {
    return (struct bpf_tc_hook){
        .sz = sizeof(struct bpf_tc_hook),
        .ifindex = interface,
        .attach_point = hook == CGATE_LEAVING ? BPF_TC_EGRESS : BPF_TC_INGRESS,
    };
}

static int suitable(enum cgate_hook hook, int is_bare) {
    if (hook == CGATE_LEAVING) return is_bare ? CGATE_EGRESS_BARE : CGATE_EGRESS;
    return is_bare ? CGATE_INGRESS_BARE : CGATE_INGRESS;
}

int cgate_attach(const struct cgate *gate, int interface, int is_bare, enum cgate_hook hook) {
    cgate_quiet();
    int result = make_qdisc(interface);
    if (result) return result;
    struct bpf_tc_hook place = libbpf_hook(interface, hook);
    LIBBPF_OPTS(
        bpf_tc_opts, options, .prog_fd = gate->descriptors[suitable(hook, is_bare)],
        .handle = HANDLE, .priority = PRIORITY, .flags = BPF_TC_F_REPLACE);
    return bpf_tc_attach(&place, &options);
}

// What is taken away and is no longer there was taken away by somebody else: the qdisc (EINVAL), the
// filter, or the whole interface.
static int gone(int result) {
    return result == -EINVAL || result == -ENOENT || result == -ENODEV ? 0 : result;
}

int cgate_detach(int interface, enum cgate_hook hook) {
    cgate_quiet();
    struct filters filters;
    int result = list_filters(interface, hook, &filters);
    if (result || !filters.program) return result == -ENODEV ? 0 : result;
    struct bpf_tc_hook place = libbpf_hook(interface, hook);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = HANDLE, .priority = PRIORITY);
    result = bpf_tc_detach(&place, &options);
    return result ? gone(result) : 1;
}

int cgate_remove_qdisc(int interface) {
    cgate_quiet();
    for (int hook = CGATE_LEAVING; hook <= CGATE_ARRIVING; hook++) {
        struct filters filters;
        int result = list_filters(interface, hook, &filters);
        if (result || filters.total) return result == -ENODEV ? 0 : result;
    }
    int result = find_qdisc(interface);
    if (result != CLSACT) return result < 0 ? result : 0;
    // A filter that somebody adds just now goes with it.
    LIBBPF_OPTS(
        bpf_tc_hook, both, .ifindex = interface, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
    return gone(bpf_tc_hook_destroy(&both));
}

// MARK: What the kernel has

// Linux 6.6 has these; the headers here may be older.
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

// bpf(2)'s argument for BPF_PROG_QUERY, as long as any kernel writes to it: a shorter one would be
// written past its end.
union query {
    struct {
        uint32_t interface, attach_type, query_flags, attach_flags;
        uint64_t programs;
        uint32_t count;
    } query;
    uint8_t room[256];
};

static int count_tcx(int interface, enum cgate_hook hook, uint32_t *count) {
    union query query;
    memset(&query, 0, sizeof query);
    query.query.interface = (uint32_t)interface;
    query.query.attach_type = hook == CGATE_LEAVING ? TCX_EGRESS : TCX_INGRESS;
    long result = syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof query);
    *count = result < 0 ? 0 : query.query.count;
    // A kernel without tcx does not know the attach type.
    return result < 0 && errno != EINVAL && errno != ENOENT ? -errno : 0;
}

int cgate_seat(
    const struct cgate *gate, int interface, int is_bare, enum cgate_hook hook,
    struct cgate_seat *seat)
{
    *seat = (struct cgate_seat){0};
    struct filters filters;
    int result = list_filters(interface, hook, &filters);
    if (!result) result = count_tcx(interface, hook, &seat->tcx);
    if (result) return result;
    seat->program = filters.program;
    seat->before_us = filters.before_us;
    // A gate that was only found has no programs yet: none of those here is this gate's.
    int program = gate->descriptors[suitable(hook, is_bare)];
    if (program < 0) return 0;
    struct bpf_prog_info info;
    result = cgate_program(program, &info, NULL, 0);
    seat->is_ours = !result && seat->program && seat->program == info.id;
    return result;
}

// MARK: Finding a gate

static int find_maps(uint32_t program, struct cgate *gate) {
    int descriptor = bpf_prog_get_fd_by_id(program);
    if (descriptor < 0) return -errno;
    struct bpf_prog_info info;
    uint32_t maps[CGATE_PARTS];
    int result = cgate_program(descriptor, &info, maps, CGATE_PARTS);
    close(descriptor);
    if (result) return result;
    if (!cgate_is_gate_program(info.name)) return -ENOENT;
    for (uint32_t index = 0; index < info.nr_map_ids && index < CGATE_PARTS; index++) {
        int map = bpf_map_get_fd_by_id(maps[index]);
        if (map < 0) return -errno;
        uint32_t identifier;
        int part = cgate_map_part(map, &identifier);
        if (part < 0 || gate->descriptors[part] >= 0) {
            close(map);
            return part < 0 ? part : -EPROTO;
        }
        gate->descriptors[part] = map;
    }
    for (int part = CGATE_DEADLINES; part < CGATE_PARTS; part++)
        if (gate->descriptors[part] < 0) return -EPROTO;
    return 0;
}

int cgate_find(int interface, enum cgate_hook hook, struct cgate *gate) {
    for (int part = 0; part < CGATE_PARTS; part++) gate->descriptors[part] = -1;
    struct filters filters;
    int result = list_filters(interface, hook, &filters);
    if (result) return result;
    if (!filters.program) return -ENOENT;
    result = find_maps(filters.program, gate);
    if (result) cgate_close(gate);
    return result;
}
