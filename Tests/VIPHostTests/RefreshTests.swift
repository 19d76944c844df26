import Testing
import VIPCore
import VIPHost
import VIPNet

@Suite("Lifetimes of many addresses")
struct RefreshTests {
    private typealias Stage = AddressConversation

    private static func many(_ count: UInt32) -> [FloatingAddress] {
        (0..<count).map { FloatingAddress(address: .v4(0x0a01_0000 + $0), prefixLength: 32) }
    }

    /// One group with so many addresses, all of which are there.
    private static func owning(_ addresses: [FloatingAddress]) -> AddressConversation {
        var stage = AddressConversation(addresses)
        stage.step(.begin(byTurns: true))
        stage.answer(.found(links: [Stage.eth0], addresses: []))
        stage.add(1)
        stage.answer(.added)
        return stage
    }

    /// Which addresses the last question names.
    private static func named(_ stage: AddressConversation) -> [FloatingAddress] {
        guard case .add(let addition) = stage.asked?.request else { return [] }
        return addition.addresses
    }

    @Test("of up to 256 are renewed at each request")
    func few() {
        var stage = Self.owning(Self.many(256))
        #expect(stage.add(2).first?.hasSuffix("and 255 more on 3 for 10 s") == true)
    }

    @Test("of 4,096 are renewed by turns, each once in 16 requests, and last 16 times as long")
    func turns() {
        let all = Self.many(4096)
        var stage = AddressConversation(all)
        stage.step(.begin(byTurns: true))
        stage.answer(.found(links: [Stage.eth0], addresses: []))
        #expect(stage.add(1).first?.hasSuffix("and 4095 more on 3 for 160 s") == true)
        stage.answer(.added)
        var renewed: [FloatingAddress] = []
        for request in 2...17 as ClosedRange<UInt64> {
            stage.add(request)
            renewed += Self.named(stage)
            #expect(Self.named(stage).count == 256)
            stage.answer(.added)
        }
        #expect(Set(renewed) == Set(all))
    }

    @Test("where they enforce the lease are renewed all at once, and last as long as they may")
    func enforcing() {
        var stage = Self.owning(Self.many(4096))
        let line = stage.add(2, lifetime: 3, before: stage.now + .seconds(1)).first
        #expect(line?.contains("and 4095 more on 3 for 3 s before") == true)
    }

    @Test("where nothing else silences them are renewed all at once, too")
    func withoutGate() {
        var stage = AddressConversation(Self.many(4096))
        stage.step(.begin(byTurns: false))
        stage.answer(.found(links: [Stage.eth0], addresses: []))
        stage.add(1)
        stage.answer(.added)
        #expect(stage.add(2).first?.hasSuffix("and 4095 more on 3 for 10 s") == true)
    }

    @Test("are all renewed after a refusal, or when the core has let go meanwhile")
    func anew() {
        var stage = Self.owning(Self.many(1000))
        stage.add(2)
        #expect(Self.named(stage).count == 250)
        stage.answer(.refused(Refusal(kind: "RTM_NEWADDR 12", text: "ENOMEM")))
        stage.add(3)
        #expect(Self.named(stage).count == 1000)
        stage.answer(.added)
        stage.remove(4)
        stage.answer(.removed(absent: [], kept: [], nil))
        stage.add(5)
        #expect(Self.named(stage).count == 1000)
    }

    @Test("of what is missing are asked for with those whose turn it is")
    func missing() {
        var stage = Self.owning(Self.many(1000))
        stage.told(.addressGone(Stage.address("10.1.3.200")))
        stage.add(2)
        #expect(Self.named(stage).count == 251)
        #expect(Self.named(stage).contains(Stage.floating("10.1.3.200")))
    }

    @Test("that somebody changes are put right with the next request")
    func altered() {
        var stage = Self.owning(Self.many(1000))
        var address = Stage.address("10.1.3.200", lifetime: 40)
        #expect(stage.told(.address(address)) == [])
        stage.add(2)
        #expect(!Self.named(stage).contains(Stage.floating("10.1.3.200")))
        stage.answer(.added)
        address.valid = .seconds(5)
        #expect(stage.told(.address(address)) == [])
        stage.add(3)
        #expect(Self.named(stage).contains(Stage.floating("10.1.3.200")))
        stage.answer(.added)
        stage.add(4)
        #expect(!Self.named(stage).contains(Stage.floating("10.1.3.200")))
    }

    @Test("of many groups have their turns one after the other")
    func groups() {
        let others = (1..<1024).map { index in
            HostGroup(
                id: GroupID(UInt64(1000 + index)),
                name: "g\(index)",
                interface: "eth0",
                addresses: [
                    FloatingAddress(address: .v4(0x0a02_0000 + UInt32(index)), prefixLength: 32)
                ]
            )
        }
        var stage = AddressConversation(Self.many(1), others: others)
        stage.step(.begin(byTurns: true))
        stage.answer(.found(links: [Stage.eth0], addresses: []))
        func request(_ round: UInt64) -> Int {
            var asked = 0
            for group in stage.host.groups {
                let lines = stage.step(
                    .add(group.settings.id, request: round, lifetime: 10, before: nil)
                )
                guard lines.first?.contains(": add ") == true else {
                    #expect(lines.first?.contains("added (\(round))") == true)
                    continue
                }
                asked += 1
                stage.answer(.added)
            }
            return asked
        }
        #expect(request(1) == 1024)
        for round in 2...9 as ClosedRange<UInt64> { #expect(request(round) == 256) }
    }
}
