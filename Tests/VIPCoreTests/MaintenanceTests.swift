import Testing
import VIPCore

@Suite("Maintenance")
struct MaintenanceTests {
    /// As the last step wrote it.
    func header(_ talk: Conversation) -> PageHeader? {
        for case .writeHeader(let header) in talk.effects { return header }
        return nil
    }

    @Test("is in the page before the operator is answered, and is written once")
    func written() {
        var talk = Conversation.lonely()
        #expect(
            talk.step(.command(.maintenance(true), id: 7)) == [
                "header: incarnation 11, abstains until 0ms, maintenance", "reply 7: done",
            ]
        )
        #expect(talk.step(.command(.maintenance(true), id: 8)) == ["reply 8: done"])
        #expect(
            talk.step(.command(.maintenance(false), id: 9)) == [
                "header: incarnation 11, abstains until 0ms", "reply 9: done",
            ]
        )
    }

    @Test("survives the process")
    func survives() {
        var memory = Memory.settled(lb1Incarnation)
        memory.page?.header.maintenance = true
        var talk = Conversation.lonely(memory: memory)
        #expect(talk.greet(w1) == [])
        #expect(talk.state == .maintenance)
        talk.step(.command(.maintenance(false), id: 9))
        #expect(header(talk)?.maintenance == false)
    }

    @Test("does not accept other voters on the way")
    func suspended() {
        var talk = Conversation.lonely(.pair(lb1, voterSet: 8, suspended: true))
        talk.step(.command(.maintenance(true), id: 7))
        #expect(header(talk)?.voterSet == 7)
        talk.step(.command(.acceptVoters, id: 8))
        #expect(header(talk)?.voterSet == 8)
        #expect(header(talk)?.maintenance == true)
    }
}
