import Testing
import VIPControl

@Suite("Counters")
struct CountersTests {
    /// Each counter has another value, so that no two can be mixed up.
    private let numbered = Counters { UInt64(Counter.allCases.firstIndex(of: $0) ?? 0) + 1 }

    private let written = """
        {"frames_sent":1,"frames_received":2,"send_errors":3,"renewals":4,"takeovers":5,\
        "announcements":6,"foreign_claims":7,"claims_unseen":8,"log_lines_dropped":9,\
        "netlink_overruns":10,"gate_repairs":11,"max_lateness_us":12,"recent_lateness_us":13,\
        "late_wakes":14,"reexecutions":15}
        """

    @Test("each counter has the name that scripts rely on, and the order stays")
    func names() throws {
        #expect(numbered.json.serialized() == written)
        #expect(try Counters(json: JSONReader(JSONValue(parsing: written))) == numbered)
    }

    @Test("every counter survives a reload; two begin anew, and the longest lateness is the longer")
    func reload() {
        var counters = Counters { _ in 100 }
        counters.goOn(from: numbered)
        #expect(
            counters.json.serialized() == """
                {"frames_sent":101,"frames_received":102,"send_errors":103,"renewals":104,\
                "takeovers":105,"announcements":106,"foreign_claims":107,"claims_unseen":108,\
                "log_lines_dropped":109,"netlink_overruns":110,"gate_repairs":111,\
                "max_lateness_us":100,"recent_lateness_us":100,"late_wakes":114,\
                "reexecutions":100}
                """
        )
        var later = Counters()
        later.goOn(from: numbered)
        #expect(later[.maximumLatenessMicroseconds] == 12)
        #expect(later[.reexecutions] == 0)
    }

    @Test("what another version does not count is zero, and what it counts besides is ignored")
    func versions() throws {
        let other = try JSONValue(parsing: #"{"frames_sent":7,"invented_later":8}"#)
        let counters = try Counters(json: JSONReader(other))
        #expect(counters == Counters { $0 == .framesSent ? 7 : 0 })
    }
}
