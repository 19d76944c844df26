import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform

@Suite("A question for all that the kernel has")
struct ResynchronizationTests {
    private typealias Picture = Resynchronization.Picture

    private static func address(_ last: UInt32, on interface: Int32 = 1) -> InterfaceAddress {
        InterfaceAddress(
            floating: .v4(0x0a4d_0000 + last),
            prefixLength: 32,
            on: interface,
            lifetime: 100
        )
    }

    private static func link(_ index: Int32, _ name: String) -> Link {
        Link(index: index, name: name)
    }

    /// A question, what is told while it is under way, and an answer that may be older than that.
    private func corrected(
        _ told: [RouteMonitor.Event],
        _ answer: Picture
    ) -> (links: [String], addresses: [InterfaceAddress])? {
        var resynchronization = Resynchronization()
        resynchronization.want(at: 0)
        resynchronization.asked(7)
        for event in told { resynchronization.note(event) }
        #expect(resynchronization.isAnswer(7))
        guard let picture = resynchronization.answered(answer, at: 1) else { return nil }
        #expect(!resynchronization.isUnderWay)
        return (
            picture.links.map { "\($0.index) \($0.name)" }.sorted(),
            picture.addresses.sorted { "\($0)" < "\($1)" }
        )
    }

    @Test("an address that came or went after the question is not undone by an older answer")
    func addresses() throws {
        let found = try #require(
            corrected(
                [.addressGone(Self.address(1)), .address(Self.address(3))],
                Picture(
                    links: [Self.link(1, "eth0")],
                    addresses: [Self.address(1), Self.address(2)]
                )
            )
        )
        #expect(found.addresses == [Self.address(2), Self.address(3)])
        #expect(found.links == ["1 eth0"])
    }

    @Test("of several notifications the last one counts")
    func last() throws {
        let found = try #require(
            corrected(
                [
                    .address(Self.address(1)), .addressGone(Self.address(1)),
                    .addressGone(Self.address(2)), .address(Self.address(2)),
                    .link(Self.link(1, "lan0")), .link(Self.link(1, "eth0")),
                ],
                Picture(links: [Self.link(1, "old")], addresses: [Self.address(1)])
            )
        )
        #expect(found.addresses == [Self.address(2)])
        #expect(found.links == ["1 eth0"])
    }

    @Test("a link that went takes along what was on it, and one that came is there")
    func links() throws {
        let found = try #require(
            corrected(
                [.linkGone(index: 1, name: "eth0"), .link(Self.link(3, "eth0"))],
                Picture(
                    links: [Self.link(1, "eth0"), Self.link(2, "eth1")],
                    addresses: [Self.address(1), Self.address(1, on: 2)]
                )
            )
        )
        #expect(found.links == ["2 eth1", "3 eth0"])
        #expect(found.addresses == [Self.address(1, on: 2)])
    }

    @Test("what was told before the question is part of the answer")
    func before() throws {
        var resynchronization = Resynchronization()
        resynchronization.note(.addressGone(Self.address(1)))
        resynchronization.want(at: 0)
        resynchronization.asked(7)
        let answer = Picture(links: [], addresses: [Self.address(1)])
        let picture = resynchronization.answered(answer, at: 1)
        #expect(picture == answer)
    }

    @Test("however often it is wanted while one is under way, one more follows, after the answer")
    func once() {
        var resynchronization = Resynchronization()
        #expect(resynchronization.dueAt == nil)
        resynchronization.want(at: 5)
        #expect(resynchronization.dueAt == 5)
        resynchronization.asked(1)
        #expect(resynchronization.dueAt == nil)
        for now in 6...9 as ClosedRange<Int64> { resynchronization.want(at: now) }
        #expect(resynchronization.dueAt == nil)
        let picture = resynchronization.answered(Picture(links: [], addresses: []), at: 20)
        #expect(picture != nil)
        #expect(resynchronization.dueAt == 6)
        resynchronization.asked(2)
        #expect(!resynchronization.isAnswer(1))
        _ = resynchronization.answered(Picture(links: [], addresses: []), at: 30)
        #expect(resynchronization.dueAt == nil)
    }

    @Test("a refusal is asked about again a second later, whatever is lost meanwhile")
    func refused() {
        var resynchronization = Resynchronization()
        resynchronization.want(at: 0)
        resynchronization.asked(1)
        let picture = resynchronization.answered(nil, at: 10)
        #expect(picture == nil)
        resynchronization.want(at: 20)
        #expect(resynchronization.dueAt == 1_000_000_010)
    }

    @Test("an answer that could undo what is not kept any more is asked for once more")
    func spoilt() {
        var resynchronization = Resynchronization()
        resynchronization.want(at: 0)
        resynchronization.asked(1)
        for number in 0...65_536 as ClosedRange<UInt32> {
            resynchronization.note(.address(Self.address(number)))
        }
        let picture = resynchronization.answered(Picture(links: [], addresses: []), at: 10)
        #expect(picture == nil)
        #expect(resynchronization.dueAt == 10)
    }
}
