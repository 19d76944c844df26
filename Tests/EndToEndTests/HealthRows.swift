import Testing
import VIPLab

/// The clusters of `HealthTests`.
extension EndToEnd.HealthTests {
    private typealias Configuration = AgentConfiguration

    /// Nothing is wrong, so the others prove something.
    static let wells = [
        Row(says: "a pair and its witness", isWell: true),
        Row(says: "a pair and its witness, and the witness fails", victim: .w1, isWell: true),
        Row(
            says: "three nodes",
            all: { $0.voters[2].isWitness = false },
            isWell: true
        ),
        Row(
            says: "twelve groups",
            all: { configuration in
                for number in 0..<11 {
                    addGroup("g\(number)", ["10.77.1.\(number)"])(&configuration)
                }
            },
            isWell: true
        ),
    ]

    static let files = [
        Row(
            says: "a group that the witness does not have",
            all: addGroup("mail", ["10.77.0.102"]),
            own: [.w1: { $0.groups.removeLast() }],
            reasons: [
                .lb1: "w1 does not vote for group mail: its file does not have the group",
                .lb2: "w1 does not vote for group mail",
                .w1: "the file of lb1 has other groups",
            ]
        ),
        Row(
            says: "a group that the standby does not have",
            all: addGroup("mail", ["10.77.0.102"]),
            own: [.lb2: { $0.groups.removeLast() }],
            reasons: [
                .lb1: "lb2 does not have group mail",
                .lb2: "the file of lb1 has other groups",
                .w1: "lb2 does not have group mail",
            ]
        ),
        Row(
            says: "other addresses in the standby's file",
            own: [.lb2: { $0.groups[0].addresses = ["10.77.0.103"] }],
            reasons: [
                .lb1: "the file of lb2 has other addresses",
                .lb2: "the file of lb1 has other addresses",
                .w1: "the file of lb2 has other addresses",
            ]
        ),
        Row(
            says: "another lease in the standby's file",
            own: [.lb2: { $0.lease = .milliseconds(400) }],
            reasons: [
                .lb1: "the file of lb2 has another heartbeat, lease",
                .w1: "the file of lb2 has another heartbeat, lease",
            ]
        ),
        Row(
            says: "another preferred node in the witness's file",
            own: [.w1: { $0.groups[0].preferred = .lb2 }],
            reasons: [.lb1: "the file of w1 has other groups", .lb2: "the file of w1 has other"]
        ),
        Row(
            says: "other voters in the standby's file",
            own: [
                .lb2: {
                    $0.voters.append(
                        .init(name: "w2", isWitness: true, addresses: ["10.77.0.4"])
                    )
                    $0.voters.append(
                        .init(name: "w3", isWitness: true, addresses: ["10.77.0.5"])
                    )
                }
            ],
            reasons: [.lb1: "lb2 has other voters", .w1: "lb2 has other voters"]
        ),
        Row(
            says: "an interface that the standby does not have",
            own: [.lb2: { $0.groups[0].interface = "eth7" }],
            reasons: [
                .lb1: "no other node is ready for group web",
                .w1: "no other node is ready for group web",
            ]
        ),
        Row(
            says: "a witness that can't put a longer lease on record",
            trouble: { (lab) throws(LabError) in
                try lab.spoilLeaseRecord(of: .w1)
                var configuration = lab.options.configuration
                configuration.lease = .milliseconds(300)
                for host in Host.voters {
                    try lab.write(configuration, named: host.rawValue)
                    _ = try lab.askForReload(host)
                }
            }
        ),
        Row(
            says: "a witness that has another key",
            trouble: { (lab) throws(LabError) in try lab.giveAnotherKey(to: .w1) },
            reasons: [.lb1: "w1 is not heard", .lb2: "w1 is not heard", .w1: "is not heard"]
        ),
        Row(
            says: "a pair without a witness",
            hosts: Host.nodes,
            all: { $0.voters.removeLast() },
            reasons: [.lb1: "add a witness", .lb2: "add a witness"]
        ),
        Row(
            says: "one host alone",
            hosts: [.lb1],
            all: { $0.voters.removeLast(2) },
            reasons: [.lb1: "nobody takes over"]
        ),
        Row(
            says: "one node with two witnesses",
            all: { $0.voters[1].isWitness = true },
            reasons: [.lb1: "nobody takes over", .w1: "nobody takes over"]
        ),
        Row(
            says: "a file of the standby that was refused",
            trouble: { (lab) throws(LabError) in
                try lab.write("[[group]\n", named: "lb2")
                _ = try lab.askForReload(.lb2)
            }
        ),
    ]

    static let networks = [
        cut("standby", from: .lb2, to: .w1),
        cut("standby", from: .w1, to: .lb2),
        cut("owner", from: .lb1, to: .w1, victim: .lb2),
        cut("owner", from: .w1, to: .lb1, victim: .lb2),
        Row(
            says: "nodes that do not hear each other",
            trouble: { (lab) throws(LabError) in
                try lab.applyFaults { $0.partition(.lb1, from: .lb2) }
            },
            victim: .w1,
            reasons: [.w1: "lb1 does not hear lb2"]
        ),
        Row(
            says: "a second path of the standby that is dead",
            hasSecondNetwork: true,
            trouble: { (lab) throws(LabError) in try lab.cut(.lb2, on: [.second]) },
            reasons: [.lb1: "lb2 is not heard over path 1"]
        ),
        Row(
            says: "the standby's interface of the group is down, and votes go another way",
            hasSecondNetwork: true,
            all: {
                $0.voters = Configuration(networks: [.first]).voters
                $0.groups[0].interface = "eth1"
                $0.groups[0].addresses = ["10.78.0.100"]
            },
            trouble: { (lab) throws(LabError) in try lab.cut(.lb2, on: [.second]) },
            reasons: [
                .lb1: "no other node is ready for group web: interface down",
                .w1: "no other node is ready for group web: interface down",
            ]
        ),
        Row(
            says: "a witness that loses long frames, with many groups",
            all: { configuration in
                for number in 0..<40 {
                    addGroup("g\(number)", ["10.77.1.\(number)"])(&configuration)
                }
            },
            trouble: { (lab) throws(LabError) in
                try lab.applyFaults { $0.loseLongVoterFrames(of: .w1, above: 600) }
            },
            isWell: true
        ),
        Row(
            says: "a witness that loses all but short frames",
            all: { configuration in
                for number in 0..<40 {
                    addGroup("g\(number)", ["10.77.1.\(number)"])(&configuration)
                }
            },
            trouble: { (lab) throws(LabError) in
                try lab.applyFaults { $0.loseLongVoterFrames(of: .w1, above: 200) }
            }
        ),
    ]

    private static func cut(
        _ node: String,
        from: Host,
        to: Host,
        victim: Host = .lb1
    ) -> Row {
        let other = victim == .lb1 ? Host.lb1 : .lb2
        return Row(
            says: "\(node) and witness hear each other in one direction only: not \(from) to \(to)",
            trouble: { (lab) throws(LabError) in
                try lab.applyFaults { $0.block(from: from, to: to) }
            },
            victim: victim,
            reasons: [other: "\(to) does not hear \(from)"]
        )
    }

    static let hosts = [
        Row(
            says: "the standby is in maintenance",
            trouble: { (lab) throws(LabError) in try lab.order(.lb2, "maintenance", "on") },
            reasons: [
                .lb1: "no other node is ready for group web: in maintenance",
                .w1: "no other node is ready for group web: in maintenance",
            ]
        ),
        Row(
            says: "the standby has no gate, and can't have one",
            trouble: { (lab) throws(LabError) in try lab.replaceQdisc(.lb2) },
            reasons: [
                .lb1: "no other node is ready for group web: the gate",
                .w1: "no other node is ready for group web: the gate",
            ]
        ),
        Row(
            says: "the witness abstains",
            trouble: { (lab) throws(LabError) in
                try lab.forget(.w1, longestLease: .seconds(30))
            },
            reasons: [.lb1: "w1 abstains", .lb2: "w1 abstains", .w1: "this host's voter abstains"]
        ),
        Row(
            says: "the standby has been given other voters and waits to be told",
            trouble: { (lab) throws(LabError) in
                var configuration = lab.options.configuration
                configuration.voters.append(
                    .init(name: "w2", isWitness: true, addresses: ["10.77.0.4"])
                )
                try lab.write(configuration, named: "lb2")
                _ = try lab.askForReload(.lb2)
            },
            reasons: [.lb2: "accept-voters", .lb1: "lb2 has other voters"]
        ),
        Row(
            says: "the standby's agent hangs",
            trouble: { (lab) throws(LabError) in try lab.pause(.lb2) },
            reasons: [.lb1: "lb2 is not heard", .w1: "lb2 is not heard"]
        ),
        Row(
            says: "the witness's agent hangs",
            trouble: { (lab) throws(LabError) in try lab.pause(.w1) },
            reasons: [.lb1: "w1 is not heard", .lb2: "w1 is not heard"]
        ),
        Row(
            says: "the owner took it by force",
            trouble: { (lab) throws(LabError) in
                try lab.stop(.lb2)
                try lab.stop(.w1)
                _ = try lab.control(.lb1, "takeover", "web", "--force")
            }
        ),
        Row(
            says: "two hosts have one name",
            trouble: { (lab) throws(LabError) in
                var configuration = lab.options.configuration
                configuration.voters[1].addresses = [Host.client.address()]
                var setup = lab.setup(of: .client)
                setup.name = "lb2"
                setup.configurationFile = try lab.write(configuration, named: "clone")
                _ = try lab.launch(setup)
            }
        ),
        Row(
            says: "the standby has the address already, from somebody else, on another interface",
            trouble: { (lab) throws(LabError) in
                try lab.ip(.lb2, "address add 10.77.0.100/32 dev lo")
            }
        ),
    ]

    /// What only the kernel knows, who has to be asked for it.
    static let kernels = [
        Row(
            says: "IPv6 was switched off on the standby",
            trouble: { (lab) throws(LabError) in try lab.setIPv6(of: .lb2, disabled: true) },
            reasons: [
                .lb1: "no other node is ready for group web",
                .w1: "no other node is ready for group web",
            ]
        ),
        Row(
            says: "the kernel of the standby does not answer",
            hanging: .lb2,
            reasons: [
                .lb1: "no other node is ready for group web: the kernel does not answer",
                .w1: "no other node is ready for group web: the kernel does not answer",
            ]
        ),
    ]
}
