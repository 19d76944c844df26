import VIPControl

/// Reports that several suites look at.
enum Sample {
    /// lb1 owns, all is well.
    static let healthy = StatusReport(
        cluster: "lb",
        host: "lb1",
        role: .node,
        isHealthy: true,
        version: "0.1.0",
        processID: 812,
        uptimeMilliseconds: 192_345,
        timing: timing,
        gate: GateStatus(
            state: .inPlace,
            interfaces: [
                GateInterfaceStatus(name: "eth0", index: 2, hasEgress: true, hasIngress: true),
                GateInterfaceStatus(name: "eth1", index: 3, hasEgress: true, hasIngress: true),
            ]
        ),
        groups: [
            GroupStatus(
                name: "web",
                state: .owner,
                owner: "lb1",
                term: 18,
                leaseMilliseconds: 431,
                addresses: [
                    AddressStatus(
                        address: "10.77.0.100/32",
                        isWanted: true,
                        isPresent: true,
                        validLifetimeSeconds: 8
                    ),
                    AddressStatus(address: "fd77::64/128", isWanted: true, isPresent: true),
                ],
                since: "2026-11-21T08:25:00.123Z",
                sinceMilliseconds: 192_000,
                reason: "lease of lb2 ran out",
                interface: "eth0",
                interfaceState: .up,
                enforcement: "gate",
                gate: GroupGateStatus(
                    openMilliseconds: 388,
                    droppedLeaving: 0,
                    droppedArriving: 0
                ),
                isPeerReady: true
            ),
            GroupStatus(
                name: "database",
                state: .standby,
                owner: "lb2",
                term: 7,
                leaseMilliseconds: 490,
                addresses: [
                    AddressStatus(address: "10.77.0.101/32", isWanted: false, isPresent: false)
                ],
                since: "2026-11-21T03:25:00.123Z",
                sinceMilliseconds: 18_192_000,
                reason: "handed over to lb2",
                interface: "eth1",
                interfaceState: .up,
                enforcement: "gate",
                gate: GroupGateStatus(
                    openMilliseconds: nil,
                    droppedLeaving: 0,
                    droppedArriving: 0
                )
            ),
        ],
        voters: [
            own,
            VoterStatus(
                name: "lb2",
                role: .node,
                isSelf: false,
                isReachable: true,
                roundTripMicroseconds: 180,
                heardMillisecondsAgo: 12,
                hearsUs: true,
                isAbstaining: false,
                paths: [
                    PathStatus(
                        index: 0,
                        local: "10.77.0.1",
                        remote: "10.77.0.2",
                        isReachable: true,
                        roundTripMicroseconds: 180,
                        heardMillisecondsAgo: 12,
                        isHeardByPeer: true
                    ),
                    PathStatus(
                        index: 1,
                        local: "10.78.0.1",
                        remote: "10.78.0.2",
                        isReachable: true,
                        roundTripMicroseconds: 1_240,
                        heardMillisecondsAgo: 97,
                        isHeardByPeer: true
                    ),
                ]
            ),
            VoterStatus(
                name: "w1",
                role: .witness,
                isSelf: false,
                isReachable: true,
                roundTripMicroseconds: 2_050,
                heardMillisecondsAgo: 40,
                hearsUs: true,
                isAbstaining: false,
                paths: [
                    PathStatus(
                        index: 0,
                        local: "10.77.0.1",
                        remote: "10.77.0.3",
                        isReachable: true,
                        roundTripMicroseconds: 2_050,
                        heardMillisecondsAgo: 40,
                        isHeardByPeer: true
                    )
                ]
            ),
        ],
        links: [
            LinkStatus(from: "lb1", to: "lb2", path: 0, isHeard: true, ageMilliseconds: 30),
            LinkStatus(from: "lb2", to: "lb1", path: 0, isHeard: true, ageMilliseconds: 12),
        ],
        counters: counters([.framesSent: 5_760, .framesReceived: 5_755])
    )

    /// lb1 has let go: the pair's link works one way, the witness is away, an address is left
    /// behind.
    static let degraded = StatusReport(
        cluster: "lb",
        host: "lb1",
        role: .node,
        isHealthy: false,
        reasons: [
            "the witness w1 is not heard: one more failure and nobody owns web",
            "lb2 does not hear this host",
        ],
        warnings: ["the lease of lb2 is 300 ms, and this host's is 500 ms"],
        version: "0.1.0",
        processID: 812,
        uptimeMilliseconds: 7_512_345,
        timing: timing,
        gate: GateStatus(
            state: .incomplete,
            reason: "clsact on eth1: EBUSY (Device or resource busy)",
            interfaces: [
                GateInterfaceStatus(
                    name: "eth0",
                    index: 2,
                    hasEgress: true,
                    hasIngress: true,
                    risks: ["a tcx program runs before it"]
                ),
                GateInterfaceStatus(name: "eth1", index: 3, hasEgress: true, hasIngress: false),
            ]
        ),
        groups: [
            GroupStatus(
                name: "web",
                state: .fault,
                owner: nil,
                term: 18,
                leaseMilliseconds: nil,
                addresses: [
                    AddressStatus(
                        address: "10.77.0.100/32",
                        isWanted: false,
                        isPresent: true,
                        validLifetimeSeconds: 3
                    ),
                    AddressStatus(address: "fd77::64/128", isWanted: true, isPresent: false),
                ],
                since: "2026-11-21T08:25:00.123Z",
                sinceMilliseconds: 3_210,
                reason: "its deadline passed: neither lb2 nor w1 renewed the lease",
                interface: "eth0",
                interfaceState: .down,
                isForced: true,
                enforcement: "gate",
                gate: GroupGateStatus(
                    openMilliseconds: 12,
                    droppedLeaving: 3,
                    droppedArriving: 41
                ),
                isPeerReady: false,
                peerReason: "in maintenance",
                holdDownMilliseconds: 42_345
            )
        ],
        voters: [
            own,
            VoterStatus(
                name: "lb2",
                role: .node,
                isSelf: false,
                isReachable: true,
                heardMillisecondsAgo: 12,
                hearsUs: false,
                isAbstaining: true,
                paths: [
                    PathStatus(
                        index: 0,
                        local: "10.77.0.1",
                        remote: "10.77.0.2",
                        isReachable: true,
                        heardMillisecondsAgo: 12,
                        isHeardByPeer: false
                    ),
                    PathStatus(
                        index: 1,
                        local: "10.78.0.1",
                        remote: "10.78.0.2",
                        isReachable: false,
                        heardMillisecondsAgo: 65_000,
                        lastSendError: "sendto: Network is unreachable"
                    ),
                ]
            ),
            VoterStatus(
                name: "w1",
                role: .witness,
                isSelf: false,
                isReachable: false,
                paths: [
                    PathStatus(
                        index: 0,
                        local: "10.77.0.1",
                        remote: "10.77.0.3",
                        isReachable: false
                    )
                ]
            ),
        ],
        links: [
            LinkStatus(from: "lb1", to: "lb2", path: 0, isHeard: false, ageMilliseconds: 3_400),
            LinkStatus(from: "lb2", to: "lb1", path: 0, isHeard: true, ageMilliseconds: 12),
            LinkStatus(from: "lb1", to: "lb2", path: 1, isHeard: false, ageMilliseconds: nil),
            LinkStatus(from: "lb2", to: "lb1", path: 1, isHeard: false, ageMilliseconds: 65_000),
            LinkStatus(from: "w1", to: "lb2", path: 0, isHeard: false, ageMilliseconds: nil),
        ],
        checks: [CheckStatus(name: "haproxy", state: "failing", detail: "HTTP 503, 3 times")],
        dropped: DroppedFrames([
            .init(reason: "stale", count: 3), .init(reason: "malformed", count: 1),
        ]),
        counters: counters([
            .framesSent: 9_000, .framesReceived: 4_000, .sendErrors: 17, .renewals: 3,
            .takeovers: 2, .announcements: 40, .logLinesDropped: 5, .netlinkOverruns: 1,
            .maximumLatenessMicroseconds: 1_234,
        ])
    )

    static let history = [
        HistoryEntry(
            sequence: 1,
            at: "2026-11-21T08:24:58.000Z",
            boottimeMilliseconds: 1_000,
            event: "voter_heard",
            owner: "w1",
            reason: "w1 is heard and hears this host"
        ),
        HistoryEntry(
            sequence: 2,
            at: "2026-11-21T08:25:00.123Z",
            boottimeMilliseconds: 3_123,
            group: "web",
            event: "state",
            state: "owner",
            was: "standby",
            term: 18,
            owner: "lb1",
            reason: "lease of lb2 ran out",
            detail: "granted by w1",
            afterMilliseconds: 503
        ),
        HistoryEntry(
            sequence: 3,
            at: "2026-11-21T08:26:00.000Z",
            boottimeMilliseconds: 63_000,
            group: "database",
            event: "state",
            state: "fault",
            term: 7,
            reason: "interface eth1 is down"
        ),
    ]

    private static let timing = TimingStatus(
        heartbeatMilliseconds: 100,
        leaseMilliseconds: 500,
        driftPartsPerMillion: 2_000,
        marginMilliseconds: 1
    )

    private static let own = VoterStatus(name: "lb1", role: .node, isSelf: true, isReachable: true)

    private static func counters(_ values: [Counter: UInt64]) -> Counters {
        Counters { values[$0] ?? 0 }
    }
}
