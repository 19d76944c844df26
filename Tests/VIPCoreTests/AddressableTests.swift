import Testing
import VIPCore

@Suite("What the kernel would do")
struct AddressableTests {
    @Test(
        "is a reason not to be ready, until it is told otherwise",
        arguments: [
            (
                Event.addressable(web, false), Event.addressable(web, true),
                Unreadiness.kernelRefuses
            ),
            (.kernelAnswers(web, false), .kernelAnswers(web, true), .kernelSilent),
        ]
    )
    func unready(worse: Event, better: Event, reason: Unreadiness) {
        var talk = Conversation.lonely()
        talk.step(worse)
        #expect(talk.greet(w1) == [])
        #expect(talk.agent.status(at: talk.now).groups.first?.unready == reason)
        #expect(talk.state == .fault)
        talk.pass(10_000)
        talk.wake()
        #expect(talk.request(to: w1) == nil)
        talk.step(better)
        #expect(talk.agent.status(at: talk.now).groups.first?.unready == nil)
    }
}
