import Foundation
import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// Everything else here reads reports with the product's own types, which would not notice a
    /// name that has changed on both sides. Scripts have only the names.
    @Suite("What scripts read")
    struct StatusContractTests {
        private func read<Value>(_ lab: Lab, _ host: VIPLab.Host, _ command: String) throws -> Value
        {
            let answer = try lab.control(host, command, "--json")
            let value = try JSONSerialization.jsonObject(with: Data(answer.output.utf8))
            return try #require(value as? Value, "\(answer.output)")
        }

        @Test("status and history say it by these names")
        func names() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            try lab.waitForStatus(of: .lb1, "all is well") { $0.isHealthy }
            let status: [String: Any] = try read(lab, .lb1, "status")
            #expect(status["cluster"] as? String == "lab")
            #expect(status["host"] as? String == "lb1")
            #expect(status["role"] as? String == "node")
            #expect(status["healthy"] as? Bool == true)
            #expect(status["reasons"] as? [String] == [])
            #expect(status["warnings"] is [String])
            #expect(status["dropped"] is [String: Int])
            let gate = try #require(status["gate"] as? [String: Any])
            #expect(gate["state"] as? String == "in-place")

            let counters = try #require(status["counters"] as? [String: Int])
            for (name, isExpected) in [
                ("reexecutions", { $0 == 0 }), ("announcements", { $0 > 0 }),
                ("foreign_claims", { $0 == 0 }), ("gate_repairs", { $0 == 0 }),
                ("max_lateness_us", { $0 >= 0 }), ("late_wakes", { $0 >= 0 }),
            ] as [(String, (Int) -> Bool)] {
                #expect(counters[name].map(isExpected) == true, "\(name)")
            }

            let group = try #require((status["groups"] as? [[String: Any]])?.first)
            #expect(group["name"] as? String == "web")
            #expect(group["state"] as? String == "owner")
            #expect(group["owner"] as? String == "lb1")
            #expect((group["term"] as? Int ?? 0) > 0)
            #expect((1...500).contains(group["lease_ms"] as? Int ?? 0))
            #expect(group["since"] is String)
            #expect(group["reason"] is String)
            #expect(group["interface_state"] as? String == "up")
            #expect(group["forced"] as? Bool == false)
            #expect(group["enforcement"] as? String == "gate")
            let passes = try #require(group["gate"] as? [String: Int])
            #expect(Set(passes.keys) == ["open_ms", "dropped_leaving", "dropped_arriving"])

            let voters = try #require(status["voters"] as? [[String: Any]])
            #expect(voters.compactMap { $0["name"] as? String } == ["lb1", "lb2", "w1"])
            #expect(voters.compactMap { $0["role"] as? String } == ["node", "node", "witness"])
            #expect(voters.allSatisfy { $0["reachable"] as? Bool == true })
            #expect(voters.compactMap { $0["rtt_us"] as? Int }.count == 2)

            let history: [[String: Any]] = try read(lab, .lb1, "history")
            let takeover = try #require(history.first { $0["event"] as? String == "takeover" })
            for name in ["sequence", "term"] {
                #expect((takeover[name] as? Int ?? 0) > 0, "\(name)")
            }
            for name in ["at", "reason"] { #expect(takeover[name] is String, "\(name)") }
            #expect(takeover["group"] as? String == "web")
        }
    }
}
