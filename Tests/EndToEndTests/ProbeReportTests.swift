import Testing
import VIPLab

/// What the probes make of what they have recorded; no root needed, and no network.
@Suite("Probe report")
struct ProbeReportTests {
    /// Milliseconds.
    private func at(_ milliseconds: Int64) -> Moment {
        Moment(nanoseconds: milliseconds * 1_000_000)
    }

    /// One letter for each question, a millisecond apart: `1` and `2` for the node that answered
    /// half a millisecond later, `.` for nobody.
    private func report(_ history: String) -> ProbeReport {
        var answers: [Answer] = []
        for (index, letter) in history.enumerated() where letter != "." {
            let sent = at(1000 + Int64(index))
            let host: Host = letter == "1" ? .lb1 : .lb2
            answers.append(Answer(sent: sent, received: sent + .microseconds(500), host: host))
        }
        let end = at(1000 + Int64(history.count))
        let questions = history.indices.enumerated().map { at(1000 + Int64($0.offset)) }
        return ProbeReport(questions: questions, answers: answers, window: at(1000)..<end)
    }

    @Test("a takeover is a gap and one change of owner")
    func takeover() {
        let report = report("1111.....2222")
        #expect(report.questions == 13)
        #expect(report.lost == 5)
        #expect(report.owners == [.lb1, .lb2])
        #expect(report.changesOfOwner == 1)
        // From the answer at 3.5 ms to the one at 9.5 ms.
        #expect(report.outage == .milliseconds(6))
        #expect(report.longestGap.isOver)
        #expect(report.answersFromTwoAtOnce.isEmpty)
    }

    @Test("a service that does not come back is a gap until the end")
    func gone() {
        let report = report("111.....")
        #expect(report.lost == 5)
        #expect(report.longestGap.isOver == false)
        #expect(report.longestGap.length == .microseconds(5500))
    }

    @Test("nothing lost is no outage, however late an answer was")
    func late() {
        let answers = [
            Answer(sent: at(1000), received: at(1001), host: .lb1),
            Answer(sent: at(1001), received: at(1031), host: .lb1),
        ]
        let questions = [at(1000), at(1001)]
        let report = ProbeReport(questions: questions, answers: answers, window: at(999)..<at(1002))
        #expect(report.lost == 0)
        #expect(report.outage == .zero)
    }

    @Test("a host that answers between two answers of the other is one too many")
    func interleaved() {
        let report = report("1112122")
        #expect(report.answersFromTwoAtOnce.map(\.host) == [.lb2, .lb1])
        #expect(report.answersFromTwoAtOnce.map(\.sent) == [at(1003), at(1004)])
    }

    @Test("there and back with a pause between is two switchovers")
    func thereAndBack() {
        let pause = String(repeating: "2", count: 220)
        #expect(report("111\(pause)111").answersFromTwoAtOnce.isEmpty)
        #expect(report("111\(pause)111").changesOfOwner == 2)
    }

    @Test("two answers to one question are one too many")
    func twice() {
        let answers = [
            Answer(sent: at(1000), received: at(1001), host: .lb1),
            Answer(sent: at(1000), received: at(1002), host: .lb2),
        ]
        let report = ProbeReport(
            questions: [at(1000)],
            answers: answers,
            window: at(999)..<at(1003)
        )
        #expect(report.answersFromTwoAtOnce == [answers[1]])
    }

    @Test("durations are printed for people")
    func durations() {
        #expect(Duration.zero.human == "0")
        #expect(Duration.microseconds(449).human == "0.4 ms")
        #expect(Duration.microseconds(9_949).human == "9.9 ms")
        #expect(Duration.microseconds(57_400).human == "57 ms")
        #expect(Duration.milliseconds(507).human == "507 ms")
        #expect(Duration.milliseconds(1_249).human == "1.25 s")
        #expect(Duration.seconds(-15).human == "-15.00 s")
    }
}
