import VIPCore

/// The pair and its witness, as in every example of the documentation.
let lb1 = HostID(1)
let lb2 = HostID(2)
let w1 = HostID(3)

let web = GroupID(100)

/// The places of the three hosts, unless a test begins new ones.
let lb1Incarnation = Incarnation(11)
let lb2Incarnation = Incarnation(12)
let w1Incarnation = Incarnation(13)

let lb1Holder = Holder(host: lb1, incarnation: lb1Incarnation)
let lb2Holder = Holder(host: lb2, incarnation: lb2Incarnation)

func name(of host: HostID) -> String {
    switch host {
    case lb1: "lb1"
    case lb2: "lb2"
    case w1: "w1"
    default: "host \(host.bits)"
    }
}

extension Duration {
    static func ms(_ milliseconds: Double) -> Duration {
        .nanoseconds(Int64((milliseconds * 1_000_000).rounded()))
    }

    /// In milliseconds, for transcripts: "497ms", "446.803ms".
    var text: String {
        let whole = nanoseconds / 1_000_000
        let microseconds = nanoseconds % 1_000_000 / 1000
        guard microseconds != 0 else { return "\(whole)ms" }
        return "\(whole).\(String(microseconds + 1000).dropFirst())ms"
    }
}

extension Reading {
    /// Both clocks at the same number of milliseconds.
    static func ms(_ milliseconds: Double) -> Reading {
        Reading(boottime: Instant(.ms(milliseconds)), raw: Instant(.ms(milliseconds)))
    }
}

extension Instant {
    static func ms(_ milliseconds: Double) -> Instant { Instant(.ms(milliseconds)) }
}

extension Settings {
    /// The pair with its witness at the defaults: a heartbeat of 100 ms, a lease of 500 ms.
    static func pair(
        _ me: HostID,
        heartbeat: Duration = .milliseconds(100),
        lease: Duration = .milliseconds(500),
        paths: Int = 1,
        prefer: HostID? = nil,
        failback: Failback = .manual,
        groups: [GroupID] = [web],
        enforcement: Enforcement = .gate,
        voterSet: UInt64 = 7,
        suspended: Bool = false
    ) -> Settings {
        let voters: [(HostID, Voter.Role)] = [(lb1, .node), (lb2, .node), (w1, .witness)]
        return Settings(
            cluster: 1,
            me: me,
            voters: voters.map { id, role in
                Voter(id: id, role: role, paths: id == me ? 0 : paths)
            },
            groups: groups.map {
                Group(id: $0, prefer: prefer, failback: failback, enforcement: enforcement)
            },
            timing: Timing(
                heartbeat: heartbeat,
                lease: lease,
                driftPartsPerMillion: 2000,
                margin: .milliseconds(1)
            ),
            voterSet: voterSet,
            suspended: suspended
        )
    }
}

extension Memory {
    /// A page of this boot that holds nothing but its incarnation: the host has run before, and
    /// owes nothing.
    static func settled(_ incarnation: Incarnation, records: [GroupRecord] = []) -> Memory {
        Memory(
            page: Page(
                header: PageHeader(incarnation: incarnation, abstentionEnd: .zero, voterSet: 7),
                records: records
            ),
            newIncarnation: Incarnation(99)
        )
    }

    static func settled(_ host: HostID) -> Memory {
        switch host {
        case lb1: settled(lb1Incarnation)
        case lb2: settled(lb2Incarnation)
        default: settled(w1Incarnation)
        }
    }

    /// The page is not of this boot.
    static func new(_ incarnation: Incarnation, longestLease: Duration = .zero) -> Memory {
        Memory(page: nil, newIncarnation: incarnation, longestLease: longestLease)
    }
}
