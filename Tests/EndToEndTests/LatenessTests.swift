import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("Lateness")
    struct LatenessTests {
        @Test("an agent that was stopped says by how much it was late, in its status and its log")
        func stopped() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            let before = try lab.status(of: .lb2).counters
            #expect(before.lateWakes == 0)
            #expect(before.maximumLatenessMicroseconds < 200_000)

            // More than half a lease past the next heartbeat, which is worth a line.
            try lab.pause(.lb2)
            sleep(for: .milliseconds(400))
            try lab.resume(.lb2)
            let status = try lab.waitForStatus(of: .lb2, "I was late") { status in
                status.counters.lateWakes > 0
            }
            let lateness = status.counters.maximumLatenessMicroseconds
            #expect((200_000...600_000).contains(lateness))
            #expect(lab.log(of: .lb2).contains("this process was stopped for"))
            #expect(try lab.status(of: .lb1).counters.lateWakes == 0)
        }
    }
}
