import VIPControl
import VIPLab

/// Hosts with many addresses, and with many groups: what they use when nothing happens, how late
/// they ever are, and how long a start and a takeover last.
struct ScaleBenchmark {
    struct Size: CustomStringConvertible {
        let groups: Int
        let addresses: Int

        var description: String { "\(groups) × \(addresses)" }
    }

    static let sizes = [
        Size(groups: 1, addresses: 1), Size(groups: 1, addresses: 1000),
        Size(groups: 1, addresses: 4096), Size(groups: 100, addresses: 1),
        Size(groups: 300, addresses: 1), Size(groups: 1000, addresses: 1),
    ]

    /// How long an idle owner is watched.
    let watch: Duration

    /// Whether no lease moved but for the death of its owner.
    func run() throws(LabError) -> Bool {
        var table = Table(
            "groups × addresses",
            "all owned after",
            "idle owner",
            "idle standby",
            "resident",
            "latest wake, owner",
            "standby",
            "changes of owner",
            "all taken over after"
        )
        var isAsPromised = true
        for size in Self.sizes {
            say("\(size), 100 ms / 500 ms, \(watch.human) idle")
            do throws(LabError) {
                let row = try measure(size)
                isAsPromised = isAsPromised && row.moves == 0
                table.add(["\(size)"] + row.cells)
            } catch {
                say("\(error)")
                table.add(["\(size)"] + Array(repeating: "-", count: 8))
                isAsPromised = false
            }
        }
        say("\n\(table.text)\n")
        return isAsPromised
    }

    private func options(_ size: Size) -> LabOptions {
        var options = LabOptions()
        options.configuration.groups = (0..<size.groups).map { group in
            var section = AgentConfiguration.Group()
            section.name = "g\(group)"
            section.addresses = (0..<size.addresses).map { address in
                let number = group * size.addresses + address
                return "10.\(80 + number / 62_500).\(number / 250 % 250).\(number % 250 + 1)"
            }
            section.preferred = nil
            return section
        }
        return options
    }

    private func measure(_ size: Size) throws(LabError) -> (cells: [String], moves: Int) {
        let options = options(size)
        let lab = try Lab(options)
        defer { lab.close() }
        try lab.start(.w1)
        let begin = Moment.now
        try lab.start(.lb1)
        let start = try wait(for: options.floatingAddresses, on: .lb1, of: lab) - begin
        try lab.start(.lb2)
        // After two seconds they give back what only the start needed.
        sleep(for: .seconds(5))
        let (owner, standby) = (try lab.agent(of: .lb1), try lab.agent(of: .lb2))
        let since = Moment.now
        let before = (try Usage(of: owner), try Usage(of: standby))
        (since + watch).sleepUntil()
        let after = (try Usage(of: owner), try Usage(of: standby))
        let elapsed = Moment.now - since
        let moves = try lab.addresses(on: .lb2).count { options.floatingAddresses.contains($0) }
        let lateness = try lab.status(of: .lb1).counters[.maximumLatenessMicroseconds]

        let death = try lab.kill(.lb1)
        let taken = try wait(for: options.floatingAddresses, on: .lb2, of: lab) - death
        // What announcing and confirming thousands costs comes after the takeover.
        sleep(for: .seconds(2))
        let late = try lab.status(of: .lb2).counters[.maximumLatenessMicroseconds]
        let cells = [
            start.human, share(before.0, after.0, elapsed), share(before.1, after.1, elapsed),
            "\(after.0.memory / 1_048_576) MiB", "\(lateness) us", "\(late) us", "\(moves)",
            taken.human,
        ]
        return (cells, moves)
    }

    private func wait(
        for addresses: [String],
        on host: Host,
        of lab: Lab
    ) throws(LabError) -> Moment {
        let limit = Moment.now + .seconds(30)
        let wanted = Set(addresses)
        while Moment.now < limit {
            let found = wanted.intersection(try lab.addresses(on: host))
            if found.count == wanted.count { return .now }
            sleep(for: .milliseconds(5))
        }
        let there = wanted.intersection(try lab.addresses(on: host)).count
        throw LabError("have \(host) own everything", found: "\(there) of \(wanted.count)")
    }

    private func share(_ before: Usage, _ after: Usage, _ elapsed: Duration) -> String {
        let hundredths = Int((after.processorTime - before.processorTime) / elapsed * 10_000)
        let fraction = String(hundredths % 100 + 100).dropFirst()
        return "\(hundredths / 100).\(fraction) %"
    }
}
