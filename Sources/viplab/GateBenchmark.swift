import CGate
import Glibc
import VIPAgent
import VIPLab
import VIPPlatform

/// What the gate costs: each frame, by the kernel's own clock around a million runs of the program,
/// and each renewal.
struct GateBenchmark {
    private static let repeats: UInt32 = 1_000_000
    private static let rounds = 7
    /// Groups and addresses of a large pair.
    private static let many = 10_000

    /// What the programs answer: on to the next filter, or the end.
    private enum Verdict: Int32 {
        case next = -1
        case drop = 2
    }

    private struct Case {
        let name: String
        let program: cgate_part
        let frame: [UInt8]
        let verdict: Verdict
    }

    func run() throws(LabError) {
        say("cost of the gate")
        var gate = cgate()
        var text = [CChar](repeating: 0, count: 1024)
        try Self.check("load the gate", unsafe cgate_load(&gate, &text, text.count))
        defer { unsafe cgate_close(&gate) }
        guard let deadlines = unsafe cgate_map(&gate, CGATE_DEADLINES) else {
            return try Self.check("map the gate's deadlines", -errno)
        }
        var now = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &now)
        // The first slot is open for an hour, the second one closed.
        unsafe deadlines.assumingMemoryBound(to: UInt64.self)[1] =
            UInt64(now.tv_sec + 3600) * 1_000_000_000

        var table = Table("frame", "4 addresses", "\(Self.many) addresses")
        try put(4, into: &gate)
        let few = try Self.cases.map { (each) throws(LabError) in try cost(of: each, &gate) }
        try put(Self.many, into: &gate)
        for (each, before) in zip(Self.cases, few) {
            table.add(each.name, "\(before) ns", "\(try cost(of: each, &gate)) ns")
        }
        say("\n\(table.text)\n")
        say("one renewal opens the gate in \(try renewal())")
    }

    private static func check(_ what: String, _ result: Int32) throws(LabError) {
        guard result < 0 else { return }
        throw LabError(what, found: unsafe String(cString: strerror(-result)))
    }

    // MARK: - Frames

    private static let own4: [UInt8] = [10, 77, 0, 100]
    private static let closed4: [UInt8] = [10, 77, 0, 101]
    private static let other4: [UInt8] = [10, 77, 0, 9]
    private static let client4: [UInt8] = [10, 77, 0, 4]

    private static func address6(_ last: UInt8) -> [UInt8] {
        [0xfd, 0x77] + [UInt8](repeating: 0, count: 13) + [last]
    }

    /// Frames for other stations than the one that measures, unless said otherwise.
    private static func ethernet(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 2, count: 12) + [UInt8(type >> 8), UInt8(type & 0xff)] + payload
    }

    /// The kernel measures at the loopback interface, which has this address.
    private static func toThisStation(_ frame: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 6) + frame.dropFirst(6)
    }

    private static func ipv4(from source: [UInt8], to target: [UInt8]) -> [UInt8] {
        ethernet(
            0x0800,
            [0x45, 0, 0, 48, 0, 0, 0, 0, 64, 6, 0, 0] + source + target
                + [UInt8](repeating: 0, count: 28)
        )
    }

    private static func ipv6(from source: [UInt8], to target: [UInt8]) -> [UInt8] {
        ethernet(
            0x86dd,
            [0x60, 0, 0, 0, 0, 28, 6, 64] + source + target + [UInt8](repeating: 0, count: 28)
        )
    }

    private static func arp(from sender: [UInt8]) -> [UInt8] {
        ethernet(
            0x0806,
            [0, 1, 8, 0, 6, 4, 0, 2] + [2, 2, 2, 2, 2, 2] + sender + [2, 2, 2, 2, 2, 2] + client4
        )
    }

    private static let cases = [
        Case(
            name: "IPv4 leaving, foreign",
            program: CGATE_EGRESS,
            frame: ipv4(from: other4, to: client4),
            verdict: .next
        ),
        Case(
            name: "IPv4 arriving, foreign",
            program: CGATE_INGRESS,
            frame: ipv4(from: client4, to: other4),
            verdict: .next
        ),
        Case(
            name: "IPv6 leaving, foreign",
            program: CGATE_EGRESS,
            frame: ipv6(from: address6(9), to: address6(4)),
            verdict: .next
        ),
        Case(
            name: "IPv6 arriving, foreign",
            program: CGATE_INGRESS,
            frame: ipv6(from: address6(4), to: address6(9)),
            verdict: .next
        ),
        Case(
            name: "ARP leaving, foreign",
            program: CGATE_EGRESS,
            frame: arp(from: other4),
            verdict: .next
        ),
        Case(
            name: "ARP arriving, foreign",
            program: CGATE_INGRESS,
            frame: arp(from: other4),
            verdict: .next
        ),
        Case(
            name: "IPv4 leaving, ours, open",
            program: CGATE_EGRESS,
            frame: ipv4(from: own4, to: client4),
            verdict: .next
        ),
        Case(
            name: "IPv4 arriving, ours, open",
            program: CGATE_INGRESS,
            frame: ipv4(from: client4, to: own4),
            verdict: .next
        ),
        Case(
            name: "IPv6 arriving, ours, open",
            program: CGATE_INGRESS,
            frame: ipv6(from: address6(4), to: address6(100)),
            verdict: .next
        ),
        Case(
            name: "IPv4 arriving, only bridged",
            program: CGATE_INGRESS,
            frame: ipv4(from: client4, to: closed4),
            verdict: .next
        ),
        Case(
            name: "IPv4 leaving, ours, closed",
            program: CGATE_EGRESS,
            frame: ipv4(from: closed4, to: client4),
            verdict: .drop
        ),
        Case(
            name: "IPv4 arriving, ours, closed",
            program: CGATE_INGRESS,
            frame: toThisStation(ipv4(from: client4, to: closed4)),
            verdict: .drop
        ),
        Case(
            name: "IPv6 arriving, ours, closed",
            program: CGATE_INGRESS,
            frame: toThisStation(ipv6(from: address6(4), to: address6(101))),
            verdict: .drop
        ),
    ]

    /// As many addresses of each family, the two of the frames among them.
    private func put(_ count: Int, into gate: inout cgate) throws(LabError) {
        for number in 0..<count {
            let low = [UInt8(number >> 8 & 0xff), UInt8(number & 0xff)]
            let own = number == 0 ? Self.own4 : number == 1 ? Self.closed4 : [10, 99] + low
            let six =
                number < 2
                ? Self.address6(100 + UInt8(number))
                : [0xfd, 0x99] + [UInt8](repeating: 0, count: 12) + low
            let slot: UInt32 = number == 0 ? 1 : 2
            for (family, address) in [(AF_INET, own), (AF_INET6, six)] {
                let result = unsafe cgate_put_address(&gate, family, address, slot)
                try Self.check("put address \(number) into the gate", result)
            }
        }
    }

    /// In nanoseconds, the median of some rounds.
    private func cost(of each: Case, _ gate: inout cgate) throws(LabError) -> UInt32 {
        var costs: [UInt32] = []
        for _ in 0..<Self.rounds {
            var verdict: UInt32 = 0
            var nanoseconds: UInt32 = 0
            let result = unsafe cgate_run(
                &gate,
                each.program,
                each.frame,
                each.frame.count,
                Self.repeats,
                &verdict,
                &nanoseconds
            )
            try Self.check("run the gate on '\(each.name)'", result)
            let seen = Int32(bitPattern: verdict)
            guard seen == each.verdict.rawValue else {
                throw LabError("see the gate's verdict on '\(each.name)'", found: "\(seen)")
            }
            costs.append(nanoseconds)
        }
        return costs.sorted()[costs.count / 2]
    }

    // MARK: - Renewals

    /// The store that opens a group's gate for longer.
    private func renewal() throws(LabError) -> String {
        let gate: Gate
        do throws(SystemError) {
            gate = try .load()
        } catch {
            throw LabError("load the gate", found: "\(error)")
        }
        gate.assign(1, to: 1)
        let count = 10_000_000
        var costs: [Double] = []
        for _ in 0..<Self.rounds {
            let begin = Moment.now
            for number in 0..<count { gate.open(1, until: UInt64(number)) }
            costs.append((Moment.now - begin) / .nanoseconds(1) / Double(count))
        }
        let tenths = Int((costs.sorted()[costs.count / 2] * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) ns"
    }
}
