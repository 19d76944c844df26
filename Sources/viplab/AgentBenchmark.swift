import Glibc
import VIPLab

/// Agents that die, hang, come back, are upgraded and reloaded, or starve.
struct AgentBenchmark {
    let runs: Int
    /// How often an agent is restarted, upgraded and reloaded in a row.
    let count: Int
    /// Never two hosts answered at once, nor one after its deadline.
    private(set) var isAsPromised = true

    init(runs: Int, count: Int) {
        (self.runs, self.count) = (runs, count)
    }

    /// As operators have it at first, and as short as it goes.
    private static let paces: [(heartbeat: Duration, lease: Duration)] = [
        (.milliseconds(100), .milliseconds(500)), (.milliseconds(5), .milliseconds(15)),
    ]

    mutating func run() throws(LabError) {
        var outages = Table(
            "fault",
            "heartbeat / lease",
            "runs",
            "median outage",
            "range",
            "after its deadline",
            "two at once",
            "address gone after"
        )
        for pace in Self.paces {
            let options = LabOptions(heartbeat: pace.heartbeat, lease: pace.lease)
            try kill(options, &outages)
            try hang(options, &outages)
        }
        say("\n\(outages.text)\n")

        var series = Table(
            "in a row",
            "heartbeat / lease",
            "done",
            "lost",
            "resets",
            "longest stall",
            "changes of owner",
            "two at once",
            "memory",
            "descriptors"
        )
        for (deed, count) in [
            (Series.Deed.restart, count * 2), (.upgrade, count), (.reload, count),
        ] {
            for pace in Self.paces {
                let options = LabOptions(heartbeat: pace.heartbeat, lease: pace.lease)
                var plan = Series(deed, count: count, options)
                plan.isUnderLoad = deed != .restart
                try add(plan, &series)
                guard deed == .restart else { continue }
                plan.isWithoutWitness = true
                try add(plan, &series)
            }
        }
        say("\n\(series.text)\n")
    }

    // MARK: - Dead, and stopped

    private mutating func kill(_ options: LabOptions, _ table: inout Table) throws(LabError) {
        var gone: [Duration] = []
        let lease = options.configuration.lease
        let silence = try silence("SIGKILL, not restarted", options, for: lease + .seconds(1)) {
            (lab) throws(LabError) in
            try lab.kill(.lb1)
        } afterwards: { (experiment, dead) throws(LabError) in
            while try experiment.lab.addresses(on: .lb1)
                .contains(where: options.floatingAddresses.contains),
                Moment.now < dead + .seconds(30)
            { sleep(for: .milliseconds(20)) }
            gone.append(.now - dead)
        }
        table.add(silence + [gone.range])
    }

    private mutating func hang(_ options: LabOptions, _ table: inout Table) throws(LabError) {
        let silence = try silence("SIGSTOP for 15 s, SIGCONT", options, for: .seconds(15)) {
            (lab) throws(LabError) in
            try lab.pause(.lb1)
        } afterwards: { (experiment, _) throws(LabError) in
            let woken = try experiment.lab.resume(.lb1)
            sleep(for: .seconds(2))
            let after = experiment.outcome(since: woken)
            let owners = after.views.map(\.udp.owners)
            guard owners.allSatisfy({ $0 == [.lb2] }), after.lost == 0 else {
                throw LabError(
                    "have lb2 go on after SIGCONT",
                    found: "answers came from \(owners), \(after.lost) questions are lost"
                )
            }
        }
        table.add(silence + ["-"])
    }

    /// What the host of an agent that is dead or stopped does once the lease is over that it held
    /// then. All of a row but its end.
    private mutating func silence(
        _ name: String,
        _ options: LabOptions,
        for duration: Duration,
        _ fault: (Lab) throws(LabError) -> Moment,
        afterwards: (Experiment, Moment) throws(LabError) -> Void
    ) throws(LabError) -> [String] {
        var outages: [Duration] = []
        var late = 0
        var twoAtOnce = 0
        for run in 1...runs {
            say("\(name), \(pace(options)), run \(run) of \(runs)")
            let experiment = try Experiment(options, addresses: options.floatingAddresses)
            defer { experiment.close() }
            var done = Moment.now
            let seen = try experiment.observe(for: duration) { (lab) throws(LabError) in
                let begin = try fault(lab)
                done = .now
                return begin
            }
            outages.append(seen.outage)
            try afterwards(experiment, done)
            let all = experiment.outcome(since: done)
            // A stopped process is interrupted next, at once or so.
            let silent = done + options.configuration.lease + .milliseconds(1)
            late += all.answers(by: .lb1, since: silent)
            twoAtOnce += all.answersFromTwoAtOnce
        }
        isAsPromised = isAsPromised && late == 0 && twoAtOnce == 0
        return [
            name, pace(options), "\(runs)", outages.median.human, outages.range, "\(late)",
            "\(twoAtOnce)",
        ]
    }

    // MARK: - Many times in a row

    private mutating func add(_ plan: Series, _ table: inout Table) throws(LabError) {
        let name =
            "\(plan.deed)\(plan.isWithoutWitness ? ", witness down" : "")"
            + (plan.isUnderLoad ? ", under load" : "")
        say("\(name), \(pace(plan.options)), \(plan.count) times")
        let report = try plan.run(say)
        let usage = report.usage
        isAsPromised = isAsPromised && report.seen.answersFromTwoAtOnce == 0
        table.add(
            name,
            pace(plan.options),
            "\(report.done) of \(plan.count)",
            "\(report.seen.lost)",
            "\(report.transfer.resets)",
            report.transfer.longestStall.human,
            "\(report.seen.changes(since: .lb1))",
            "\(report.seen.answersFromTwoAtOnce)",
            "\((usage[1].memory - usage[0].memory) / 1024) KiB more",
            "\(usage[1].descriptors - usage[0].descriptors) more"
        )
    }

    private func pace(_ options: LabOptions) -> String {
        "\(options.configuration.heartbeat.human) / \(options.configuration.lease.human)"
    }
}
