// Where the gate sits: qdiscs and filters of an interface, over rtnetlink.

#define _GNU_SOURCE

#include "CGate.h"

#include <CNetlink.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <netlink/route/tc.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parts.h"

// The first priority that the kernel asks, and a handle that nobody takes by chance.
enum { PRIORITY = 1, HANDLE = 0x76697001 };

static uint32_t parent(enum cgate_hook hook) {
    return TC_H_MAKE(TC_H_CLSACT, hook == CGATE_LEAVING ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

// MARK: Asking the kernel

enum { ATTEMPTS = 8, RECEIVE_BUFFER = 1 << 20 };

// The kernel answers within the call; the bound is for one that does not answer at all.
enum { PATIENCE = 5000 };

static int list(
    int type, int interface, uint32_t parent, vip_route_visitor visitor, void *context)
{
    int result;
    struct vip_route *route = vip_route_open(RECEIVE_BUFFER, PATIENCE, &result);
    if (!route) return result;
    struct tcmsg body = {.tcm_family = AF_UNSPEC, .tcm_ifindex = interface, .tcm_parent = parent};
    struct nl_msg *question = nlmsg_alloc_simple(type, NLM_F_DUMP);
    result = -ENOMEM;
    if (question && nlmsg_append(question, &body, sizeof body, NLMSG_ALIGNTO) == 0) {
        char words[1];
        result = vip_route_ask(route, question, visitor, context, words, sizeof words);
    } else
        nlmsg_free(question);
    vip_route_close(route);
    return result;
}

// MARK: The qdisc

enum { OTHER_QDISC = 1, CLSACT = 2 };

struct qdisc {
    int interface, found;
};

static void take_qdisc(struct nl_msg *message, void *context) {
    struct qdisc *qdisc = context;
    struct nl_object *object = vip_route_object(message);
    struct rtnl_tc *tc = TC_CAST(object);
    if (tc && nl_object_get_msgtype(object) == RTM_NEWQDISC
        && rtnl_tc_get_ifindex(tc) == qdisc->interface && rtnl_tc_get_parent(tc) == TC_H_CLSACT)
        qdisc->found = strcmp(rtnl_tc_get_kind(tc), "clsact") ? OTHER_QDISC : CLSACT;
    nl_object_put(object);
}

// What is in the place of the clsact qdisc: 0 for nothing, or -errno. All qdiscs are listed for it:
// asked for one, the kernel tells it to everybody who listens for changes.
static int find_qdisc(int interface) {
    struct qdisc qdisc = {.interface = interface};
    int result = list(RTM_GETQDISC, interface, 0, take_qdisc, &qdisc);
    return result ? result : qdisc.found;
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

// By hand, with libnl's functions for attributes: version 3.7 does not know filters of the kind
// "bpf", and gives no object for a filter with options that it can't read, which has to be counted
// all the same.
static void take_filter(struct nl_msg *message, void *context) {
    struct filters *filters = context;
    struct nlmsghdr *header = nlmsg_hdr(message);
    if (header->nlmsg_type != RTM_NEWTFILTER) return;
    struct nlattr *attributes[TCA_MAX + 1], *options[TCA_BPF_MAX + 1];
    if (nlmsg_parse(header, sizeof(struct tcmsg), attributes, TCA_MAX, NULL) < 0) return;
    const struct tcmsg *body = nlmsg_data(header);
    filters->total++;
    // Each priority is listed once for itself, without a handle, and then filter by filter in the
    // order in which the kernel asks them. Chains other than the first are asked by filters only.
    if (attributes[TCA_CHAIN] && nla_get_u32(attributes[TCA_CHAIN])) return;
    if (TC_H_MAJ(body->tcm_info) >> 16 != PRIORITY || !body->tcm_handle) return;
    if (body->tcm_handle != HANDLE) {
        if (!filters->program) filters->before_us++;
        return;
    }
    if (!attributes[TCA_KIND] || nla_strcmp(attributes[TCA_KIND], "bpf")) return;
    if (!attributes[TCA_OPTIONS]
        || nla_parse_nested(options, TCA_BPF_MAX, attributes[TCA_OPTIONS], NULL) < 0)
        return;
    if (options[TCA_BPF_ID]) filters->program = nla_get_u32(options[TCA_BPF_ID]);
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

// What is no longer there was taken away by somebody else: the qdisc (EINVAL), the filter, or the
// whole interface.
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

int cgate_hook_state(
    const struct cgate *gate, int interface, int is_bare, enum cgate_hook hook,
    struct cgate_hook_state *state)
{
    *state = (struct cgate_hook_state){0};
    struct filters filters;
    int result = list_filters(interface, hook, &filters);
    if (!result) result = count_tcx(interface, hook, &state->tcx);
    if (result) return result;
    state->program = filters.program;
    state->before_us = filters.before_us;
    // A gate that was only found has no programs yet: none of those here is this gate's.
    int program = gate->descriptors[suitable(hook, is_bare)];
    if (program < 0) return 0;
    struct bpf_prog_info info;
    result = cgate_program(program, &info, NULL, 0);
    state->is_ours = !result && state->program && state->program == info.id;
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
