import Synchronization

/// What a probe has sent and received so far. Written by its threads, read by whoever asks.
final class Recording: Sendable {
    private struct Content: Sendable {
        var questions: [Moment] = []
        var answers: [Answer] = []
    }

    private let content = Mutex(Content())
    /// Of the agents that are asked after.
    private let lease: Duration

    init(lease: Duration) {
        self.lease = lease
    }

    /// Answers that take longer than this are lost ones: what a client waits for at most, and
    /// longer than any healthy network takes.
    static let patience: Duration = .milliseconds(100)

    /// The question's number, in the order of sending.
    func ask(at moment: Moment) -> Int {
        content.withLock { content in
            content.questions.append(moment)
            return content.questions.count - 1
        }
    }

    /// A number that was never asked is not recorded: the datagram is not ours.
    func answered(_ number: Int, at moment: Moment, by host: Host) {
        content.withLock { content in
            guard content.questions.indices.contains(number) else { return }
            let sent = content.questions[number]
            content.answers.append(Answer(sent: sent, received: moment, host: host))
        }
    }

    /// Waits until the answers to the window's last questions can have come.
    func report(_ window: Range<Moment>) -> ProbeReport {
        (window.upperBound + Self.patience).sleepUntil()
        let content = content.withLock { $0 }
        return ProbeReport(
            questions: content.questions,
            answers: content.answers,
            window: window,
            lease: lease
        )
    }
}

/// Ends the threads that look at it.
final class StopFlag: Sendable {
    private let flag = Atomic(false)

    var isRaised: Bool { flag.load(ordering: .acquiring) }

    func raise() { flag.store(true, ordering: .releasing) }
}
