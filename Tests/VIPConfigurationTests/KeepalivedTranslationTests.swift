import Testing
import VIPConfiguration
import VIPKeepalived

@Suite("The translation of a keepalived.conf")
struct KeepalivedTranslationTests {
    /// As a distribution's example has it, with a little of everything.
    static let unicast = """
        ! Configuration File for keepalived
        global_defs {
           notification_email {
             ops@example.com
           }
           router_id LVS_1
           vrrp_strict
        }

        vrrp_script chk_haproxy {
            script "killall -0 haproxy"
            interval 2
            weight -20
            fall 3
        }

        vrrp_instance VI_1 {
            state MASTER
            interface eth0
            virtual_router_id 51
            priority 101
            advert_int 1
            unicast_src_ip 10.77.0.1
            unicast_peer {
                10.77.0.2
            }
            authentication {
                auth_type PASS
                auth_pass s3cret
            }
            preempt_delay 60
            virtual_ipaddress {
                10.77.0.100/24 dev eth0 label eth0:vip
            }
            virtual_ipaddress_excluded {
                fd77::64/128
            }
            track_script {
                chk_haproxy
            }
            notify_master "/etc/keepalived/master.sh eth0"
        }

        virtual_server 10.77.0.100 80 {
            lb_algo rr
            real_server 10.77.0.11 80 {
                weight 1
            }
        }
        """

    @Test("is a whole file, with a comment for whatever was taken over")
    func wholeFile() throws {
        let translation = try Keepalived.translation(Self.unicast, nodes: [Keepalived.lb2])
        let text = translation.template.rendered
        #expect(
            text == """
                # vip-agent: who shares which addresses. The same file on every voter; each host
                # finds itself in it by its host name. `vip-agent check` says what it would do.
                # Translated from keepalived.conf, as seen by lb1.

                [cluster]
                name = "lb"
                # 32 random bytes in base64; the same on every voter, and readable by its owner alone.
                key_file = "/etc/vip-agent/lb.key"

                [timing]
                # A renewal goes out every heartbeat; an owner that is dead is replaced after its lease.
                heartbeat = "100ms"
                lease = "500ms"

                # Nodes may own addresses. One address per path: the first of one voter talks to the
                # first of the others, and so on; "addr:port" or "[v6]:port" for another port than 7694.

                # unicast_src_ip (keepalived.conf:23)
                [[node]]
                name = "lb1"
                addresses = ["10.77.0.1"]

                # unicast_peer (keepalived.conf:24)
                [[node]]
                name = "lb2"
                addresses = ["10.77.0.2"]

                # A witness breaks ties, and never owns addresses.
                [[witness]]
                name = "w1"
                addresses = ["10.77.0.3"]

                # Addresses that move together, installed as /32 and /128. `prefer = "NAME"` says who
                # takes them first; `failback = "automatic"` gives them back after `failback_delay`.

                # vrrp_instance VI_1 (keepalived.conf:17)
                # failback_delay: preempt_delay (keepalived.conf:31)
                # prefer: state MASTER (keepalived.conf:18)
                # 10.77.0.100: keepalived.conf:33
                # fd77::64: keepalived.conf:36
                [[group]]
                name = "VI_1"
                interface = "eth0"
                addresses = ["10.77.0.100", "fd77::64"]
                prefer = "lb1"
                failback = "automatic"
                failback_delay = "1m"
                checks = ["chk_haproxy"]

                # vrrp_script chk_haproxy (keepalived.conf:10)
                [[check]]
                name = "chk_haproxy"
                exec = ["/usr/bin/env", "killall", "-0", "haproxy"]
                interval = "2s"
                timeout = "2s"
                fall = 3
                rise = 1

                """
        )
        let configuration = try Configuration(parsing: text, path: "vip-agent.toml")
        #expect(configuration.groups.map(\.prefer) == ["lb1"])
        #expect(translation.node == "lb1")
    }

    @Test("has a remark for every statement that was not simply taken over, and tells no password")
    func remarksOfAWholeFile() {
        #expect(
            Keepalived.remarks(Self.unicast, nodes: [Keepalived.lb2]) == """
                ! keepalived.conf:3: 'notification_email': no counterpart: no mail is sent; have your \
                monitoring look at the exit status of 'vipctl status'
                keepalived.conf:6: 'router_id LVS_1': not needed: hosts are called what [[node]] calls \
                them
                keepalived.conf:7: 'vrrp_strict': not needed: there is no VRRP; voters talk by \
                authenticated UDP, port 7694
                ! keepalived.conf:10: 'vrrp_script chk_haproxy': is now a [[check]], which this version \
                does not run: have somebody else watch it
                keepalived.conf:13: 'weight -20': there are no priorities to add to: a check that fails \
                hands over
                keepalived.conf:18: 'state MASTER': `prefer`: MASTER prefers the node whose file this \
                is, which gets the group back after `failback_delay` (30 s); BACKUP says nothing
                keepalived.conf:20: 'virtual_router_id 51': not needed: the names of cluster and group \
                do it, and they do not run out at 255
                keepalived.conf:21: 'priority 101': there are no priorities: `prefer` names the node \
                that takes the group first
                keepalived.conf:22: 'advert_int 1': `heartbeat = "100ms"` and `lease = "500ms"`, the \
                defaults: clients wait for a lease and not for three adverts, so one of 1 s would be \
                slower and no safer
                keepalived.conf:27: 'authentication': `key_file`: a key of 256 bits that signs every \
                frame; the old password is of no use
                keepalived.conf:31: 'preempt_delay 60': `failback_delay`, counted from when the node is \
                well and heard
                keepalived.conf:33: '10.77.0.100/24 dev eth0 label eth0:vip': installed as /32: the \
                host needs an address of its own in that subnet, or a route to it
                keepalived.conf:33: '10.77.0.100/24 dev eth0 label eth0:vip': not needed: label
                keepalived.conf:38: 'track_script': `checks` of the group
                ! keepalived.conf:41: 'notify_master /etc/keepalived/master.sh eth0': no counterpart: \
                there are no hooks in this version; follow the journal, 'vipctl history --json' or \
                'vipctl status --json'
                ! keepalived.conf:44: 'virtual_server 10.77.0.100 80': no counterpart: IPVS stays with \
                keepalived (without its vrrp_instances) or ipvsadm; vip-agent only moves the address
                """
        )
    }

    @Test("makes one group of a sync group on one interface")
    func syncGroup() throws {
        let text = """
            vrrp_sync_group VG_1 {
                group {
                    VI_4
                    VI_6
                }
            }
            vrrp_instance VI_4 {
                state BACKUP
                nopreempt
                interface eth0
                virtual_ipaddress { 10.77.0.100 }
            }
            vrrp_instance VI_6 {
                state BACKUP
                nopreempt
                interface eth0
                virtual_ipaddress { fd77::64 }
            }
            """
        #expect(
            try Keepalived.groups(text) == """
                # vrrp_sync_group VG_1 (keepalived.conf:1)
                # vrrp_instance VI_4 (keepalived.conf:7)
                # vrrp_instance VI_6 (keepalived.conf:13)
                # failback: nopreempt (keepalived.conf:9)
                # 10.77.0.100: keepalived.conf:11
                # fd77::64: keepalived.conf:17
                [[group]]
                name = "VG_1"
                interface = "eth0"
                addresses = ["10.77.0.100", "fd77::64"]
                failback = "manual"

                """
        )
        #expect(
            Keepalived.remarks(text).hasPrefix(
                "! keepalived.conf:1: 'vrrp_sync_group VG_1': no node is preferred: the other's"
                    + " priority is in the other's file; to have one come first, add prefer ="
                    + " \"NAME\"\n"
            )
        )
    }

    @Test("makes a group for each interface of a sync group, and says that they part")
    func twoInterfaces() throws {
        let text = """
            vrrp_sync_group router {
                group { outside inside missing }
            }
            vrrp_instance outside {
                state MASTER
                interface eth0
                virtual_ipaddress {
                    10.77.0.100
                    10.79.0.100 dev eth2
                }
            }
            vrrp_instance inside {
                state BACKUP
                interface eth1
                virtual_ipaddress { 10.78.0.100 }
            }
            """
        let groups = try Keepalived.translation(text).template.groups
        #expect(groups.map(\.name) == ["router-eth0", "router-eth2", "router-eth1"])
        #expect(groups.map(\.interface) == ["eth0", "eth2", "eth1"])
        #expect(groups.map(\.prefer) == ["lb1", "lb1", "lb1"])
        #expect(
            Keepalived.remarks(text) == """
                ! keepalived.conf:1: 'vrrp_sync_group router': becomes router-eth0, router-eth2, \
                router-eth1: a group has one interface, and groups do not move together
                ! keepalived.conf:1: 'vrrp_sync_group router': lb1 is preferred, though not all of its \
                instances are in state MASTER
                ! keepalived.conf:2: 'missing': left out: there is no vrrp_instance of that name, or it \
                is in a group
                keepalived.conf:5: 'state MASTER': `prefer`: MASTER prefers the node whose file this \
                is, which gets the group back after `failback_delay` (30 s); BACKUP says nothing
                keepalived.conf:13: 'state BACKUP': `prefer`: MASTER prefers the node whose file this \
                is, which gets the group back after `failback_delay` (30 s); BACKUP says nothing
                """
        )
    }

    @Test("makes a path of each pair of unicast addresses")
    func paths() throws {
        let text = """
            vrrp_instance A {
                unicast_src_ip 10.77.0.1
                unicast_peer { 10.77.0.2 }
                virtual_ipaddress { 10.77.0.100 }
            }
            vrrp_instance B {
                unicast_src_ip fd78::1
                unicast_peer { fd78::2 }
                virtual_ipaddress { 10.78.0.100 }
            }
            vrrp_instance C {
                unicast_src_ip 10.77.0.1
                unicast_peer { 10.77.0.2 }
                virtual_ipaddress { 10.77.0.101 }
            }
            """
        let nodes = try Keepalived.translation(text, nodes: [Keepalived.lb2]).template.nodes
        #expect(nodes.map(\.name) == ["lb1", "lb2"])
        #expect(nodes.map(\.addresses) == [["10.77.0.1", "fd78::1"], ["10.77.0.2", "fd78::2"]])
    }

    @Test("takes an instance without an interface to be on keepalived's default one")
    func defaultInterface() throws {
        let text = """
            vrrp_instance A {
                virtual_ipaddress { 10.77.0.100 }
            }
            global_defs { default_interface ens3 }
            """
        #expect(try Keepalived.translation(text).template.groups.map(\.interface) == ["ens3"])
        #expect(Keepalived.remarks(text).contains("has no 'interface': ens3 is taken"))
    }

    @Test("leaves out what has no sense here, and says so")
    func leftOut() throws {
        let text = """
            vrrp_script reversed {
                script "/bin/true"
                weight 0 reverse
            }
            vrrp_script nothing { }
            vrrp_track_process web {
                process /usr/sbin/a-very-long-process-name -f x
            }
            vrrp_instance A/1 {
                interface eth0
                track_script {
                    reversed
                    nothing
                    unheard
                }
                track_process { web }
                virtual_ipaddress { 10.77.0.100 bogus }
            }
            vrrp_instance empty { interface eth0 }
            fnord 1
            """
        let template = try Keepalived.translation(text).template
        #expect(template.groups.map(\.name) == ["A-1"])
        #expect(template.groups.map(\.checks) == [["web"]])
        #expect(template.checks.map(\.check.kind) == [.process("a-very-long-pro")])
        #expect(
            Keepalived.remarks(text) == """
                ! keepalived.conf:1: 'vrrp_script reversed': left out: its sense is reversed; \
                write a command that exits with 0 if all is well
                keepalived.conf:3: 'weight 0 reverse': there are no priorities to add to: a \
                check that fails hands over
                ! keepalived.conf:5: 'vrrp_script nothing': left out: it has no 'script'
                ! keepalived.conf:6: 'vrrp_track_process web': is now a [[check]], which this \
                version does not run: have somebody else watch it
                keepalived.conf:7: 'process /usr/sbin/a-very-long-process-name -f x': a check \
                looks at the name alone, of which the kernel keeps 15 characters: \
                'a-very-long-pro'
                keepalived.conf:9: 'vrrp_instance A/1': called 'A-1': names are 1 to 63 \
                characters of A-Z, a-z, 0-9, '.', '_', '-'
                ! keepalived.conf:9: 'vrrp_instance A/1': no node is preferred: the other's \
                priority is in the other's file; to have one come first, add prefer = "NAME" and \
                failback = "automatic"
                keepalived.conf:11: 'track_script': `checks` of the group
                ! keepalived.conf:12: 'reversed': there is no check of that name to translate
                ! keepalived.conf:13: 'nothing': there is no check of that name to translate
                ! keepalived.conf:14: 'unheard': there is no check of that name to translate
                keepalived.conf:16: 'track_process': `checks` of the group
                ! keepalived.conf:17: '10.77.0.100 bogus': 'bogus' is not known as an option of \
                an address, and left out
                ! keepalived.conf:19: 'vrrp_instance empty': left out: it has no address, and a \
                group is what moves addresses
                ! keepalived.conf:20: 'fnord 1': not known as a statement of keepalived in the \
                file, and left out
                """
        )
    }

    @Test("has no character that commands a terminal or does not show, and loses none")
    func invisible() throws {
        let words = "a\u{9B}31m \u{202E}b \u{1B}c \u{E0041}d é😀"
        let template = try Keepalived.translation(
            """
            vrrp_script x {
                script "/bin/\(words)"
            }
            vrrp_instance A {
                virtual_ipaddress { 10.77.0.100 }
                notify_\(words)
            }
            """
        ).template
        let line = try #require(
            template.rendered.split(separator: "\n").first { $0.contains("exec") }
        )
        #expect(
            line == #"""
                exec = ["/bin/a\u009b31m", "\u202eb", "\u001bc", "\U000e0041d", "é😀"]
                """#
        )
        let configuration = try Configuration(parsing: template.rendered, path: "vip-agent.toml")
        #expect(
            configuration.checks.map(\.kind) == [
                .exec(["/bin/a\u{9B}31m", "\u{202E}b", "\u{1B}c", "\u{E0041}d", "é😀"])
            ]
        )
        let hostile = Keepalived.remarks(
            "include d/*",
            others: [KeepalivedFile(path: "d/\u{1B}[31m\u{9B}\u{202E}\n", text: "fnord\n}")]
        )
        #expect(hostile.hasPrefix("broken: d/�[31m���:2:1: error: this '}' closes nothing\n"))
    }

    @Test(
        "asks for what no keepalived.conf has",
        arguments: [
            (
                "lb1", [], "",
                "the name of the other node is not in keepalived.conf; say --node NAME=ADDRESS"
            ),
            (
                "lb1", ["lb2"], "",
                "there is no unicast_src_ip in keepalived.conf that would be the address of lb1;"
                    + " say --node lb1=ADDRESS"
            ),
            (
                "lb1", ["lb2"], "unicast_src_ip 10.77.0.1",
                "the address of lb2 is not to be had from keepalived.conf: it has no unicast_peer;"
                    + " say --node lb2=ADDRESS"
            ),
            (
                "lb1", ["lb2", "lb3", "lb4"],
                "unicast_src_ip 10.77.0.1\nunicast_peer {\n10.77.0.2\n10.77.0.3\n}",
                "which of lb2, lb3, lb4 has this keepalived.conf? This host is called 'lb1'; say"
                    + " --host NAME"
            ),
            (
                "lb1", ["lb2", "lb1"],
                "unicast_src_ip 10.77.0.1\nunicast_peer {\n10.77.0.2\n10.77.0.3\n}",
                "the address of lb2 is not to be had from keepalived.conf: its unicast_peers are not"
                    + " as many as the nodes without an address; say --node lb2=ADDRESS"
            ),
        ]
    )
    func incomplete(host: String, names: [String], lines: String, answer: String) {
        let text = "vrrp_instance A {\n\(lines)\nvirtual_ipaddress { 10.77.0.100 }\n}"
        let nodes = names.map { ConfigurationTemplate.Voter(name: $0, addresses: []) }
        #expect(Keepalived.remarks(text, host: host, nodes: nodes) == "incomplete: \(answer)")
    }

    @Test("knows the node whose file it is by its name, whole or up to the dot, or by its address")
    func local() throws {
        let text = """
            vrrp_instance A {
                state MASTER
                unicast_src_ip 10.77.0.2
                virtual_ipaddress { 10.77.0.100 }
            }
            """
        #expect(try Keepalived.translation(text, host: "lb1.example.net").node == "lb1")
        #expect(try Keepalived.translation(text, host: "laptop").node == "lb2")
    }
}
