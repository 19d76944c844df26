import VIPConfiguration

/// What keepalived's keywords have as their counterpart here.
///
/// The lists are those of keepalived.conf(5) and of keepalived's parsers, versions 2.2.7 to 2.4.3.
/// `docs/moving-from-keepalived.md` has the same table; a test compares them.
public struct KeepalivedKeywords: Sendable {
    /// The block that a keyword stands in.
    public enum Context: String, CaseIterable, Sendable {
        case file = "the file"
        case globals = "global_defs"
        case instance = "vrrp_instance"
        case syncGroup = "vrrp_sync_group"
        case address = "a line of virtual_ipaddress"
        case script = "vrrp_script"
        case process = "vrrp_track_process"
    }

    public enum Counterpart: String, CaseIterable, Sendable {
        /// The same, in the generated file.
        case same
        /// In the generated file, with another meaning that is pointed out.
        case changed
        /// What it is for does not exist here, or needs no setting.
        case unneeded = "not needed"
        /// Nobody does it any more: a warning.
        case none
    }

    public let context: Context
    public let names: [String]
    public let counterpart: Counterpart
    /// What there is, or what to do instead.
    public let advice: String

    init(
        _ context: Context,
        _ names: String,
        _ counterpart: Counterpart,
        _ advice: String
    ) {
        self.context = context
        self.names = names.split(separator: " ").map(String.init)
        self.counterpart = counterpart
        self.advice = advice
    }

    public static let all: [KeepalivedKeywords] =
        ofFile + ofInstances + ofTracking + ofGlobals

    static let hooks =
        "there are no hooks in this version; follow the journal, 'vipctl history --json' or"
        + " 'vipctl status --json'"
    static let mail =
        "no mail is sent; have your monitoring look at the exit status of 'vipctl status'"
    static let vrrp = "there is no VRRP; voters talk by authenticated UDP, port 7694"
    static let virtualMAC =
        "the address is on the interface itself, and neighbours are told of its MAC address"
    static let announcements =
        "announcements go out at once in a burst and then every minute"
    static let ipvs =
        "IPVS stays with keepalived (without its vrrp_instances) or ipvsadm; vip-agent only moves"
        + " the address"
    static let onlyFault =
        "there are no priorities to add to: a check that fails hands over"
    private static let ownInterface =
        "the group's own interface is watched; for others write a [[check]]"

    private static let ofFile = [
        Self(.file, "global_defs", .same, "looked at statement by statement"),
        Self(.file, "vrrp_instance", .same, "`[[group]]`"),
        Self(.file, "vrrp_sync_group", .same, "one `[[group]]` of all its instances' addresses"),
        Self(.file, "vrrp_script", .same, "`[[check]]` with `exec`, not run by this version"),
        Self(
            .file,
            "vrrp_track_process",
            .same,
            "`[[check]]` with `process`, not run by this version"
        ),
        Self(.file, "include includer includem includew includeb includea", .same, "read"),
        Self(
            .file,
            "track_file vrrp_track_file",
            .none,
            "write a [[check]] whose exec looks at the file"
        ),
        Self(.file, "virtual_server virtual_server_group SSL", .none, ipvs),
        Self(
            .file,
            "static_ipaddress static_routes static_rules track_group",
            .none,
            "what does not move belongs to the host's network configuration"
        ),
        Self(
            .file,
            "bfd_instance",
            .none,
            "heartbeats find a dead node; a router is watched by a [[check]]"
        ),
        Self(.file, "garp_group", .unneeded, announcements),
        Self(
            .file,
            "linkbeat_interfaces linkbeat_use_polling",
            .unneeded,
            "the kernel says when an interface loses its carrier"
        ),
        Self(
            .file,
            "interface_up_down_delays",
            .none,
            "a lost carrier counts at once, and fail-back waits for failback_delay"
        ),
        Self(
            .file,
            "net_namespace net_namespace_ipvs namespace_with_ipsets",
            .none,
            "start the agent in that network namespace (NetworkNamespacePath= in a unit)"
        ),
        Self(
            .file,
            "instance use_pid_dir child_wait_time",
            .unneeded,
            "there is one agent in a network namespace; --run-dir says where its files are"
        ),
    ]

    private static let ofInstances = [
        Self(.instance, "interface", .same, "`interface`; a group has one"),
        Self(.instance, "virtual_ipaddress", .same, "`addresses`"),
        Self(
            .instance,
            "virtual_ipaddress_excluded",
            .same,
            "`addresses`: no frame carries them, so there is nothing to exclude them from"
        ),
        Self(
            .instance,
            "state",
            .changed,
            "`prefer`: MASTER prefers the node whose file this is, which gets the group back after"
                + " `failback_delay` (30 s); BACKUP says nothing"
        ),
        Self(
            .instance,
            "priority",
            .changed,
            "there are no priorities: `prefer` names the node that takes the group first"
        ),
        Self(.instance, "nopreempt", .same, "`failback = \"manual\"`"),
        Self(.instance, "preempt", .same, "`failback = \"automatic\"`"),
        Self(
            .instance,
            "preempt_delay",
            .changed,
            "`failback_delay`, counted from when the node is well and heard"
        ),
        Self(
            .instance,
            "advert_int",
            .changed,
            "`heartbeat = \"100ms\"` and `lease = \"500ms\"`, the defaults: clients wait for a lease"
                + " and not for three adverts, so one of 1 s would be slower and no safer"
        ),
        Self(
            .instance,
            "unicast_src_ip unicast_peer",
            .same,
            "`addresses` of the nodes; each pair is a path"
        ),
        Self(
            .instance,
            "mcast_src_ip",
            .changed,
            "`addresses` of the node whose file this is; nothing is sent by multicast"
        ),
        Self(
            .instance,
            "authentication",
            .changed,
            "`key_file`: a key of 256 bits that signs every frame; the old password is of no use"
        ),
        Self(.instance, "track_script track_process", .changed, "`checks` of the group"),
        Self(.instance, "track_interface", .none, ownInterface),
        Self(
            .instance,
            "track_file track_bfd",
            .none,
            "write a [[check]], and name it in the group's checks"
        ),
        Self(
            .instance,
            "virtual_router_id",
            .unneeded,
            "the names of cluster and group do it, and they do not run out at 255"
        ),
        Self(.instance, "use_vmac use_vmac_addr vmac_xmit_base use_ipvlan", .unneeded, virtualMAC),
        Self(
            .instance,
            "version native_ipv6 strict_mode skip_check_adv_addr old_unicast_checksum"
                + " v3_checksum_as_v2 mcast_dst_ip unicast_ttl check_unicast_src"
                + " unicast_fault_no_peer lower_prio_no_advert higher_prio_send_advert"
                + " owner_ignore_adverts kernel_rx_buf_size debug",
            .unneeded,
            vrrp
        ),
        Self(
            .instance,
            "down_timer_adverts timer_expired_backup thread_timer_expired",
            .unneeded,
            "`lease` is how long an owner lasts without a renewal, late or not"
        ),
        Self(
            .instance,
            "garp_master_delay garp_master_repeat garp_master_refresh garp_master_refresh_repeat"
                + " garp_lower_prio_delay garp_lower_prio_repeat garp_extra_if vmac_garp_intvl",
            .unneeded,
            announcements
        ),
        Self(
            .instance,
            "accept",
            .unneeded,
            "the owner answers for its addresses, always"
        ),
        Self(
            .instance,
            "no_accept",
            .none,
            "the owner answers for its addresses; a firewall can drop what is meant for the host"
        ),
        Self(
            .instance,
            "promote_secondaries",
            .unneeded,
            "addresses are /32 and /128, which take no other with them"
        ),
        Self(
            .instance,
            "dont_track_primary",
            .none,
            "an owner whose interface is down lets go, always"
        ),
        Self(
            .instance,
            "no_virtual_ipaddress",
            .none,
            "a group has one address at least; without one, nothing is decided for this instance"
        ),
        Self(
            .instance,
            "virtual_routes virtual_rules",
            .none,
            "nothing but addresses moves; set up on both nodes what does no harm on a standby"
        ),
        Self(
            .instance,
            "notify notify_master notify_backup notify_fault notify_stop notify_deleted"
                + " notify_master_rx_lower_pri notify_priority_changes",
            .none,
            hooks
        ),
        Self(.instance, "smtp_alert", .none, mail),
        Self(.instance, "lvs_sync_daemon_interface", .none, ipvs),
        Self(
            .instance,
            "vrf",
            .none,
            "floating addresses may be in a VRF; the nodes' own addresses, by which the voters talk,"
                + " have to be outside, or the agent is run by 'ip vrf exec'"
        ),
        Self(
            .instance,
            "track_src_ip linkbeat_use_polling",
            .unneeded,
            "the agent follows the interface and its addresses by netlink"
        ),
        Self(.syncGroup, "group", .same, "its instances' addresses are one group"),
        Self(.syncGroup, "track_script track_process", .changed, "`checks` of the group"),
        Self(.syncGroup, "track_interface", .none, ownInterface),
        Self(
            .syncGroup,
            "track_file track_bfd",
            .none,
            "write a [[check]], and name it in the group's checks"
        ),
        Self(
            .syncGroup,
            "notify notify_master notify_backup notify_fault notify_stop notify_priority_changes",
            .none,
            hooks
        ),
        Self(.syncGroup, "smtp_alert", .none, mail),
        Self(
            .syncGroup,
            "global_tracking sync_group_tracking_weight",
            .unneeded,
            onlyFault
        ),
    ]
}
