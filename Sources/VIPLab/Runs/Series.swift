import Glibc
import VIPControl

/// The same thing done to an owner many times in a row, while clients ask for its addresses and
/// a transfer runs through one of them.
public struct Series: Sendable {
    /// Which agent is meant, and what is done to it.
    public enum Deed: String, CaseIterable, Sendable {
        /// SIGKILL, and its supervisor starts it again.
        case restart
        /// SIGUSR2.
        case upgrade
        /// SIGHUP, with another file each time.
        case reload
    }

    public var deed: Deed
    public var count: Int
    public var options: LabOptions
    /// Whether the witness has crashed before.
    public var isWithoutWitness = false
    /// Whether other processes use all processors meanwhile.
    public var isUnderLoad = false

    public init(_ deed: Deed, count: Int, _ options: LabOptions) {
        self.deed = deed
        self.count = count
        self.options = options
    }

    /// What came of it.
    public struct Report: Sendable {
        /// How often it was done and took place: the successor ran.
        public let done: Int
        public let seen: Experiment.Outcome
        public let transfer: TransferProbe.Report
        /// Terms before and after, as the owner of before knows them.
        public let terms: [UInt64]
        /// How often its kernel removed one of the addresses.
        public let removals: Int
        /// Of the owner's agent, before and after.
        public let usage: [Usage]

        /// Nobody noticed anything: no question lost, no connection reset, no address removed, the
        /// same owner in the same term.
        public var isUnnoticed: Bool {
            seen.lost == 0 && seen.changes(since: .lb1) == 0 && transfer.resets == 0
                && terms[0] == terms[1] && removals == 0
        }
    }

    /// The time between two of them: enough for a renewal, without which the lease would run out
    /// although every successor was in time.
    private var pause: Duration {
        max(options.configuration.heartbeat * 2, .milliseconds(60))
    }

    public func run(_ say: (String) -> Void = { _ in }) throws(LabError) -> Report {
        let addresses = options.floatingAddresses
        let experiment = try Experiment(options, addresses: addresses) { (lab) throws(LabError) in
            try lab.startPair(supervising: [.lb1])
        }
        defer { experiment.close() }
        let lab = experiment.lab
        let transfer = try TransferProbe(in: lab)
        defer { transfer.end() }
        guard transfer.waitForTransfer(by: .now + .seconds(2)) else {
            throw LabError("transfer something", found: "no connection to \(addresses[0])")
        }
        if isWithoutWitness {
            try lab.crash(.w1)
            sleep(for: options.configuration.lease + .seconds(1))
        }
        let load = isUnderLoad ? try ProcessorLoad(in: lab) : nil
        defer { load?.end() }

        // Who owns after the first one may be another already.
        let term = try lab.status(of: .lb1).group(lab.webGroup)?.term ?? 0
        // It takes what all others then have: its libraries' memory, a second log.
        guard try act(0, in: lab) else { throw LabError("\(deed)", found: "it never took place") }
        sleep(for: .milliseconds(300))
        let monitor = try AddressMonitor(in: lab, on: .lb1)
        let usage = try Usage(of: lab.agent(of: .lb1))
        let begin = Moment.now
        var done = 0
        for number in 1...count {
            if try act(number, in: lab) { done += 1 }
            if number % 20 == 0 { say("\(deed) \(number) of \(count)") }
        }
        sleep(for: .seconds(1))
        let seen = experiment.outcome(since: begin)
        let changes = addresses.flatMap { monitor.changes(of: $0, since: begin) }
        return Report(
            done: done,
            seen: seen,
            transfer: transfer.report,
            terms: [term, try lab.status(of: .lb1).group(lab.webGroup)?.term ?? 0],
            removals: changes.count { $0.kind == .removed },
            usage: [usage, try Usage(of: lab.agent(of: .lb1))]
        )
    }

    /// Whether it took place within seconds.
    private func act(_ number: Int, in lab: Lab) throws(LabError) -> Bool {
        let supervisor = try lab.supervisor(of: .lb1)
        let deadline = Moment.now + .seconds(6)
        defer { sleep(for: pause) }
        switch deed {
        case .restart:
            let count = supervisor.restarts.count + 1
            supervisor.kill()
            return supervisor.waitForRestarts(count, until: deadline)
        case .upgrade:
            try lab.upgrade(.lb1)
        case .reload:
            var configuration = options.configuration
            configuration.groups[0].preferred = number % 2 == 0 ? .lb2 : .lb1
            try lab.write(configuration)
            try lab.reload(.lb1)
        }
        let limit = deadline - .now
        return (try? lab.waitForReexecutions(number + 1, of: .lb1, within: limit)) != nil
    }
}
