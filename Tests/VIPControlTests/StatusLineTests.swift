import Testing
import VIPControl

@Suite("The status line")
struct StatusLineTests {
    @Test("says what this host is to each group, and in which term")
    func healthy() {
        #expect(
            StatusLine(Sample.healthy).text
                == "owner of web (term 18); standby of database, owned by lb2"
        )
    }

    @Test("has the worst reason first where the cluster can't stand a failure")
    func degraded() {
        var report = Sample.healthy
        report.groups.removeLast()
        report.reasons = ["w1 is not heard"]
        #expect(StatusLine(report).text == "DEGRADED: w1 is not heard; owner of web (term 18)")
        report.reasons.append("lb2 is not heard")
        report.groups[0].state = .fault
        report.groups[0].owner = nil
        report.groups[0].reason = "interface down"
        #expect(
            StatusLine(report).text == "DEGRADED: w1 is not heard (and 1 more); "
                + "can't run web, interface down; it is owned by nobody"
        )
    }

    @Test(
        "has words for every state",
        arguments: [
            (GroupStatus.State.maintenance, "in maintenance, web is owned by lb2"),
            (.starting, "starting, web is owned by lb2"),
            (.witness, "witness of web, owned by lb2"),
        ]
    )
    func states(state: GroupStatus.State, text: String) {
        var report = Sample.healthy
        report.groups.removeLast()
        report.groups[0].state = state
        report.groups[0].owner = "lb2"
        #expect(StatusLine(report).text == text)
    }

    @Test("ends, however many groups there are")
    func many() {
        var report = Sample.healthy
        report.groups = Array(repeating: report.groups[1], count: 12)
        #expect(
            StatusLine(report).text
                == String(repeating: "standby of database, owned by lb2; ", count: 8)
                + "and 4 more groups"
        )
    }
}
