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
            let before = try lab.status(of: .lb2).counters[.lateWakes]

            // More than half a lease past the next heartbeat, which is worth a line.
            let begin = try lab.pause(.lb2)
            sleep(for: .milliseconds(400))
            try lab.resume(.lb2)
            let status = try lab.waitForStatus(of: .lb2, "I was late") { status in
                status.counters[.lateWakes] > before
            }
            let lateness = status.counters[.maximumLatenessMicroseconds]
            // Due at the next heartbeat at the latest, and served before it has answered.
            let longest = UInt64((Moment.now - begin).milliseconds * 1000)
            #expect((200_000...longest).contains(UInt64(lateness)))
            #expect(lab.log(of: .lb2).contains("this process was stopped for"))
            // A busy machine may have kept the other waiting; nobody has stopped it.
            #expect(!lab.log(of: .lb1).contains("this process was stopped for"))
        }
    }
}
