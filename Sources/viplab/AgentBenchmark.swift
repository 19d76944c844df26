import Glibc
import VIPLab

/// Agents that die, hang, come back, are upgraded and reloaded, or starve.
struct AgentBenchmark {
    let runs: Int
    /// How often an agent is restarted, upgraded and reloaded in a row.
    let count: Int

    /// As operators have it at first, and as short as it goes.
    private static let paces: [(heartbeat: Duration, lease: Duration)] = [
        (.milliseconds(100), .milliseconds(500)), (.milliseconds(5), .milliseconds(15)),
    ]

    func run() throws(LabError) {
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

    /// What the dead agent's host does once the lease is over that it held when it died.
    private func kill(_ options: LabOptions, _ table: inout Table) throws(LabError) {
        var outages: [Duration] = []
        var late = 0
        var twoAtOnce = 0
        var gone: [Duration] = []
        for run in 1...runs {
            say("SIGKILL, not restarted, \(pace(options)), run \(run) of \(runs)")
            let experiment = try Experiment(options, addresses: options.floatingAddresses)
            defer { experiment.close() }
            let lab = experiment.lab
            var dead = Moment.now
            let seen = try experiment.observe(for: options.configuration.lease + .seconds(1)) {
                (lab) throws(LabError) in
                let begin = try lab.kill(.lb1)
                dead = .now
                return begin
            }
            outages.append(seen.outage)
            while try lab.addresses(on: .lb1).contains(where: options.floatingAddresses.contains),
                Moment.now < dead + .seconds(30)
            { sleep(for: .milliseconds(20)) }
            gone.append(.now - dead)
            let all = experiment.outcome(since: dead)
            late += all.answers(by: .lb1, since: dead + options.configuration.lease)
            twoAtOnce += all.answersFromTwoAtOnce
        }
        table.add(
            "SIGKILL, not restarted",
            pace(options),
            "\(runs)",
            outages.median.human,
            outages.range,
            "\(late)",
            "\(twoAtOnce)",
            gone.range
        )
    }

    private func hang(_ options: LabOptions, _ table: inout Table) throws(LabError) {
        var outages: [Duration] = []
        var late = 0
        var twoAtOnce = 0
        for run in 1...runs {
            say("SIGSTOP for 15 s, \(pace(options)), run \(run) of \(runs)")
            let experiment = try Experiment(options, addresses: options.floatingAddresses)
            defer { experiment.close() }
            var stopped = Moment.now
            let seen = try experiment.observe(for: .seconds(15)) { (lab) throws(LabError) in
                let begin = try lab.pause(.lb1)
                stopped = .now
                return begin
            }
            outages.append(seen.outage)
            let woken = try experiment.lab.resume(.lb1)
            sleep(for: .seconds(2))
            let all = experiment.outcome(since: stopped)
            late += all.answers(
                by: .lb1,
                since: stopped + options.configuration.lease + .milliseconds(1)
            )
            twoAtOnce += all.answersFromTwoAtOnce
            let after = experiment.outcome(since: woken)
            let owners = after.views.map(\.udp.owners)
            guard owners.allSatisfy({ $0 == [.lb2] }), after.lost == 0 else {
                throw LabError(
                    "have lb2 go on after SIGCONT",
                    found: "answers came from \(owners), \(after.lost) questions are lost"
                )
            }
        }
        table.add(
            "SIGSTOP for 15 s, SIGCONT",
            pace(options),
            "\(runs)",
            outages.median.human,
            outages.range,
            "\(late)",
            "\(twoAtOnce)",
            "-"
        )
    }

    // MARK: - Many times in a row

    private func add(_ plan: Series, _ table: inout Table) throws(LabError) {
        let name =
            "\(plan.deed)\(plan.isWithoutWitness ? ", witness down" : "")"
            + (plan.isUnderLoad ? ", under load" : "")
        say("\(name), \(pace(plan.options)), \(plan.count) times")
        let report = try plan.run(say)
        let usage = report.usage
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

/// A pair with the shortest lease, on a machine that has no time for it.
struct StarvationBenchmark {
    let duration: Duration

    func run() throws(LabError) {
        let options = LabOptions(heartbeat: .milliseconds(5), lease: .milliseconds(15))
        say("all processors loaded, \(duration.human)")
        let experiment = try Experiment(options, addresses: options.floatingAddresses)
        defer { experiment.close() }
        let load = try ProcessorLoad(in: experiment.lab)
        defer { load.end() }
        let begin = Moment.now
        (begin + duration).sleepUntil()
        let seen = experiment.outcome(since: begin)
        say(
            """

            all processors loaded by other processes for \(duration.human), 5 ms / 15 ms: \
            \(seen.changes(since: .lb1)) false takeovers, \(seen.lost) questions lost, \
            longest outage \(seen.outage.human), \(seen.answersFromTwoAtOnce) answers from two \
            hosts at once

            """
        )
    }
}
