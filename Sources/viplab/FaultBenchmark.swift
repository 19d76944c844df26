import Glibc
import VIPLab

/// What clients see of the ordinary faults, and what an idle owner uses.
struct FaultBenchmark {
    let runs: Int

    /// Whether never two hosts answered at once.
    func run() throws(LabError) -> Bool {
        let quick = LabOptions(heartbeat: .milliseconds(5), lease: .milliseconds(15))
        let all = [
            try each("crash of the owner, 100/500 ms", for: .milliseconds(1500)) {
                (lab) throws(LabError) in
                try lab.crash(.lb1)
            },
            try each("crash of the owner, 5/15 ms", quick, for: .milliseconds(1015)) {
                (lab) throws(LabError) in
                try lab.crash(.lb1)
            },
            try far("crash of the owner, witness 120 ms away"),
            try each("switchover", for: .seconds(1)) { (lab) throws(LabError) in
                try lab.switchover(from: .lb1)
            },
            try each("SIGTERM to the owner's agent", for: .seconds(1)) { (lab) throws(LabError) in
                try lab.stop(.lb1)
            },
            try lasting("pair partition, 15 s", .seconds(15)) { $0.partition(.lb1, from: .lb2) },
            try each("isolation of the owner, carrier up", for: .seconds(2)) {
                (lab) throws(LabError) in
                try lab.applyFaults { $0.isolate(.lb1) }
            },
            try lasting("20 % loss, 30 s", .seconds(30)) { $0.loseVoterFrames(percent: 20) },
        ]
        var table = Outages.table
        for series in all { series.addRow(to: &table) }
        say("\n\(table.text)\n")
        say(try idle(heartbeat: .milliseconds(100), lease: .milliseconds(500)))
        say(try idle(heartbeat: .milliseconds(5), lease: .milliseconds(15)))
        return all.allSatisfy { $0.twoAtOnce == 0 }
    }

    /// A lab for each run: what was done to a pair may tell in the next one.
    private func each(
        _ name: String,
        _ options: LabOptions = LabOptions(),
        for duration: Duration,
        _ fault: (Lab) throws(LabError) -> Moment
    ) throws(LabError) -> Outages {
        var series = Outages(name)
        for run in 1...runs {
            say("\(name), run \(run) of \(runs)")
            let experiment = try Experiment(options)
            defer { experiment.close() }
            series.add(try experiment.observe(for: duration, fault))
        }
        return series
    }

    /// The owner's end where every answer of the witness takes more than a heartbeat.
    private func far(_ name: String) throws(LabError) -> Outages {
        var series = Outages(name)
        for run in 1...runs {
            say("\(name), run \(run) of \(runs)")
            let experiment = try Experiment()
            defer { experiment.close() }
            let cable = try LongCable(of: .w1, in: experiment.lab, eachWay: .milliseconds(60))
            defer { cable.end() }
            // Round trips are smoothed: so long until they are known.
            sleep(for: .seconds(8))
            series.add(
                try experiment.observe(for: .milliseconds(2500)) { (lab) throws(LabError) in
                    try lab.crash(.lb1)
                }
            )
        }
        return series
    }

    /// A fault that is there for long and then healed, once.
    private func lasting(
        _ name: String,
        _ duration: Duration,
        _ fault: (inout Faults) -> Void
    ) throws(LabError) -> Outages {
        var series = Outages(name)
        say(name)
        let experiment = try Experiment()
        defer { experiment.close() }
        let begin = try experiment.lab.applyFaults(fault)
        (begin + duration).sleepUntil()
        try experiment.lab.heal()
        sleep(for: .seconds(1))
        series.add(experiment.outcome(since: begin))
        return series
    }

    /// What an owner uses when nothing happens. No clients: their questions are the kernel's work,
    /// and yet they would share the caches.
    private func idle(heartbeat: Duration, lease: Duration) throws(LabError) -> String {
        say("idle, \(heartbeat.human) / \(lease.human), 30 s")
        let lab = try Lab(LabOptions(heartbeat: heartbeat, lease: lease))
        defer { lab.close() }
        try lab.startPair()
        // After two seconds it gives back what only the start needed.
        sleep(for: .seconds(4))
        let agent = try lab.agent(of: .lb1)
        let begin = Moment.now
        let before = try Usage(of: agent)
        (begin + .seconds(30)).sleepUntil()
        let after = try Usage(of: agent)

        let elapsed = Moment.now - begin
        let used = after.processorTime - before.processorTime
        let thousandths = Int(used / elapsed * 100_000)
        let fraction = String(thousandths % 1000 + 1000).dropFirst()
        let heartbeats = max(1, Int(elapsed / heartbeat))
        let growth = after.memory - before.memory
        return """
            idle owner at \(heartbeat.human) / \(lease.human): \
            \(thousandths / 1000).\(fraction) % of a core, \
            \(after.memory / 1024) KiB resident, \
            \(growth) octets more after \(heartbeats) heartbeats \
            (\(growth / heartbeats) octets each)
            """
    }
}
