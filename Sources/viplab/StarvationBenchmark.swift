import VIPLab

/// A pair with the shortest lease, on a machine that has no time for it.
struct StarvationBenchmark {
    let duration: Duration

    /// Whether never two hosts answered at once.
    func run() throws(LabError) -> Bool {
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
        return seen.answersFromTwoAtOnce == 0
    }
}
