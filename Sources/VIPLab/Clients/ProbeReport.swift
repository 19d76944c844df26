// The judge shares no code with the judged: nothing of the product is imported in this folder, and
// a test sees to it. What an agent puts on the wire is read here by what the RFCs say.

/// An answer to a client's question.
public struct Answer: Hashable, Sendable {
    /// When the question was sent: this identifies the question.
    public let sent: Moment
    public let received: Moment
    public let host: Host

    public init(sent: Moment, received: Moment, host: Host) {
        self.sent = sent
        self.received = received
        self.host = host
    }
}

/// What a client has seen of a floating address in a window of time.
public struct ProbeReport: Sendable {
    /// Time without any answer.
    public struct Gap: Hashable, Sendable {
        /// The last answer before, or the begin of the window.
        public let begin: Moment
        /// The first answer after, or the end of the window.
        public let end: Moment
        /// Answers came again within the window.
        public let isOver: Bool

        public var length: Duration { end - begin }
    }

    /// A host's answers in a row, in the order of their questions.
    public struct Tenure: Hashable, Sendable {
        public let host: Host
        public let answers: [Answer]

        public var begin: Moment { answers[0].sent }
        public var end: Moment { answers[answers.count - 1].sent }
    }

    /// Questions that were sent within the window.
    public let questions: Int
    /// Those of them that nobody has answered.
    public let lost: Int
    public let longestGap: Gap
    /// Who answered, one after the other.
    public let tenures: [Tenure]
    /// Answers that prove that two hosts served the address at once, see `twoAtOnce(_:)`.
    public let answersFromTwoAtOnce: [Answer]

    /// The hosts that answered, in order.
    public var owners: [Host] { tenures.map(\.host) }

    /// How often another host answered than before.
    public var changesOfOwner: Int { max(0, tenures.count - 1) }

    /// How long clients were without an answer: nothing if no question was lost.
    public var outage: Duration { lost == 0 ? .zero : longestGap.length }

    /// How often a host answered what was asked from a moment on.
    public func answers(by host: Host, since begin: Moment) -> Int {
        tenures.filter { $0.host == host }
            .reduce(0) { sum, tenure in sum + tenure.answers.count { $0.sent >= begin } }
    }

    /// What `tenures` cannot be shorter than by lawful means: a switchover back at once would take
    /// an operator who types quicker than this. Where leases are short, a host that dies as soon as
    /// it has taken over serves for nearly a lease.
    public static func shortestTenure(lease: Duration) -> Duration {
        min(.milliseconds(200), lease / 2)
    }

    public init(
        questions: [Moment],
        answers: [Answer],
        window: Range<Moment>,
        lease: Duration = .milliseconds(500)
    ) {
        let asked = questions.filter(window.contains)
        let bySending = answers.filter { window.contains($0.sent) }
            .sorted { ($0.sent, $0.received) < ($1.sent, $1.received) }
        let answered = Set(bySending.map(\.sent))
        self.questions = asked.count
        lost = asked.count { !answered.contains($0) }
        longestGap = Self.longestGap(arrivals: answers.map(\.received).sorted(), window: window)
        tenures = Self.tenures(bySending)
        answersFromTwoAtOnce = Self.twoAtOnce(
            bySending,
            shortestTenure: Self.shortestTenure(lease: lease)
        )
    }

    private static func longestGap(arrivals: [Moment], window: Range<Moment>) -> Gap {
        // One arrival before the window counts: it is from then on that the client waits.
        var previous = arrivals.last { $0 < window.lowerBound } ?? window.lowerBound
        var longest = Gap(begin: previous, end: previous, isOver: true)
        for arrival in arrivals where window.contains(arrival) {
            if arrival - previous > longest.length {
                longest = Gap(begin: previous, end: arrival, isOver: true)
            }
            previous = arrival
        }
        if window.upperBound - previous > longest.length {
            longest = Gap(begin: previous, end: window.upperBound, isOver: false)
        }
        return longest
    }

    private static func tenures(_ bySending: [Answer]) -> [Tenure] {
        var tenures: [Tenure] = []
        var row: [Answer] = []
        for answer in bySending {
            if let first = row.first, first.host != answer.host {
                tenures.append(Tenure(host: first.host, answers: row))
                row = []
            }
            row.append(answer)
        }
        if let first = row.first { tenures.append(Tenure(host: first.host, answers: row)) }
        return tenures
    }

    /// Answers, in the order of their questions, that cannot be explained by one owner at a time.
    ///
    /// - A second host's answer to a question that one host has answered already. Only one frame
    ///   went out, so both held the address when it came.
    /// - A tenure shorter than `shortestTenure` between two tenures of one other host: the other
    ///   served before it and after it, and the address does not change hands twice in that time.
    ///
    /// What this cannot see, two hosts that serve one client each for long, `OwnerWatch` sees: it
    /// asks every host every time.
    static func twoAtOnce(_ bySending: [Answer], shortestTenure: Duration) -> [Answer] {
        var proofs: [Answer] = []
        for (earlier, later) in zip(bySending, bySending.dropFirst())
        where earlier.sent == later.sent && earlier.host != later.host {
            proofs.append(later)
        }
        let tenures = tenures(bySending)
        for index in tenures.indices.dropFirst().dropLast()
        where tenures[index - 1].host == tenures[index + 1].host
            && tenures[index + 1].begin - tenures[index - 1].end < shortestTenure
        {
            proofs += tenures[index].answers
        }
        return proofs
    }
}
