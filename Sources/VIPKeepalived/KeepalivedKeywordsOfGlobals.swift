import VIPConfiguration

/// What is tracked, and what is set for all of keepalived.
extension KeepalivedKeywords {
    static let ofTracking = [
        Self(
            .address,
            "dev",
            .changed,
            "`interface` of a group of its own, if it is not that of the instance"
        ),
        Self(
            .address,
            "brd broadcast label scope peer home -nodad mngtmpaddr noprefixroute autojoin"
                + " preferred_lft",
            .unneeded,
            "addresses are installed as /32 and /128 by the agent, with a lifetime and no label"
        ),
        Self(.address, "use_vmac", .unneeded, virtualMAC),
        Self(.address, "no_track", .none, "an address that somebody deletes is put back, always"),
        Self(.script, "script", .same, "`exec`; no shell reads it, here or there"),
        Self(.script, "interval", .same, "`interval`"),
        Self(.script, "timeout", .same, "`timeout`, at most the interval"),
        Self(.script, "fall rise", .same, "`fall`, `rise`"),
        Self(.script, "weight", .changed, onlyFault),
        Self(
            .script,
            "user",
            .unneeded,
            "a check gets none of the agent's capabilities; see that its user may run the command"
        ),
        Self(
            .script,
            "init_fail",
            .none,
            "`rise` and `fall` say how often in a row"
        ),
        Self(.process, "process", .same, "`process`: the name that `ps -eo comm` shows"),
        Self(.process, "weight", .changed, onlyFault),
        Self(
            .process,
            "quorum quorum_max param_match full_command",
            .none,
            "one process of that name is enough; write a [[check]] whose exec counts"
        ),
        Self(
            .process,
            "delay fork_delay terminate_delay",
            .unneeded,
            "`fall` and `rise` say how often in a row"
        ),
    ]

    static let ofGlobals = [
        Self(.globals, "default_interface", .same, "`interface` of groups that name none"),
        Self(.globals, "router_id", .unneeded, "hosts are called what [[node]] calls them"),
        Self(
            .globals,
            "vrrp_version vrrp_mcast_group4 vrrp_mcast_group6 vrrp_check_unicast_src"
                + " vrrp_skip_check_adv_addr vrrp_strict v3_checksum_as_v2 disable_local_igmp"
                + " log_unknown_vrids vrrp_owner_ignore_adverts vrrp_lower_prio_no_advert"
                + " vrrp_higher_prio_send_advert vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier"
                + " max_auto_priority min_auto_priority_delay",
            .unneeded,
            vrrp
        ),
        Self(
            .globals,
            "vrrp_down_timer_adverts",
            .unneeded,
            "`lease` is how long an owner lasts without a renewal, late or not"
        ),
        Self(
            .globals,
            "vrrp_garp_master_delay vrrp_garp_master_repeat vrrp_garp_master_refresh"
                + " vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay"
                + " vrrp_garp_lower_prio_repeat vrrp_garp_interval vrrp_gna_interval vrrp_min_garp"
                + " vrrp_garp_extra_if vrrp_vmac_garp_intvl",
            .unneeded,
            announcements
        ),
        Self(.globals, "vmac_prefix vmac_addr_prefix", .unneeded, virtualMAC),
        Self(
            .globals,
            "vrrp_iptables vrrp_ipsets nftables nftables_priority nftables_ifindex"
                + " nftables_counters",
            .unneeded,
            "the gate drops what a host must neither answer nor send"
        ),
        Self(
            .globals,
            "lvs_timeouts lvs_flush lvs_flush_on_stop lvs_flush_onstop lvs_sync_daemon"
                + " lvs_notify_fifo lvs_notify_fifo_script lvs_process_name"
                + " lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force"
                + " lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force nftables_ipvs"
                + " nftables_ipvs_priority nftables_ipvs_start_fwmark rs_init_notifies"
                + " no_checker_emails checker_log_all_failures checker_process_name"
                + " checker_priority checker_no_swap checker_rt_priority checker_cpu_affinity"
                + " checker_rlimit_rttime checker_rlimit_rtime enable_snmp_checker"
                + " snmp_vs_stats_update_interval snmp_rs_stats_update_interval",
            .none,
            ipvs
        ),
        Self(
            .globals,
            "notification_email notification_email_from smtp_server smtp_helo_name"
                + " smtp_connect_timeout smtp_alert smtp_alert_vrrp smtp_alert_checker"
                + " no_email_faults",
            .none,
            mail
        ),
        Self(
            .globals,
            "notify_fifo notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script"
                + " vrrp_notify_priority_changes fifo_write_vrrp_states_on_reload",
            .none,
            hooks
        ),
        Self(
            .globals,
            "startup_script startup_script_timeout shutdown_script shutdown_script_timeout",
            .none,
            "write ExecStartPre= and ExecStopPost= into a drop-in of the unit"
        ),
        Self(
            .globals,
            "script_user enable_script_security set_supplementary_groups use_symlink_paths umask",
            .unneeded,
            "a check gets none of the agent's capabilities; see that its user may run the command"
        ),
        Self(
            .globals,
            "process_names process_name vrrp_process_name bfd_process_name vrrp_priority"
                + " vrrp_no_swap vrrp_rt_priority vrrp_cpu_affinity vrrp_rlimit_rttime"
                + " vrrp_rlimit_rtime bfd_priority bfd_no_swap bfd_rt_priority bfd_cpu_affinity"
                + " bfd_rlimit_rttime bfd_rlimit_rtime",
            .unneeded,
            "the agent locks its memory and runs with real-time priority where it may"
        ),
        Self(
            .globals,
            "vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force"
                + " vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force"
                + " process_monitor_rcv_bufs process_monitor_rcv_bufs_force",
            .unneeded,
            "the agent looks again when a notification was lost"
        ),
        Self(
            .globals,
            "snmp_socket enable_traps enable_snmp_vrrp enable_snmp_keepalived enable_snmp_rfc"
                + " enable_snmp_rfcv2 enable_snmp_rfcv3 enable_dbus dbus_service_name"
                + " dbus_no_interface_name",
            .none,
            "there is neither SNMP nor D-Bus; 'vipctl status --json' is for machines"
        ),
        Self(
            .globals,
            "vrrp_startup_delay vrrp_delay_after_boot",
            .unneeded,
            "a host that has booted stands by, and does not vote for a lease"
        ),
        Self(
            .globals,
            "dynamic_interfaces",
            .unneeded,
            "an interface that is not there is waited for"
        ),
        Self(
            .globals,
            "reload_check_config reload_time_file reload_repeat reload_file include_check",
            .unneeded,
            "a reload refuses a file with mistakes and changes nothing"
        ),
        Self(
            .globals,
            "config_save_dir tmp_config_directory data_use_instance json_version iproute_usr_dir"
                + " iproute_etc_dir state_dump_file stats_dump_file json_dump_file random_seed",
            .unneeded,
            "the agent writes no such files; 'vipctl status --json' and 'vipctl history' tell"
        ),
    ]
}
