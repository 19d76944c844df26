import Testing
import VIPCore
import VIPHost
import VIPNet

@Suite("The addresses of a host")
struct HostAddressesTests {
    typealias Stage = AddressConversation

    private static let denied = Refusal(kind: "RTM_NEWADDR 13", text: "EACCES")

    // MARK: - The start

    @Test("ask the kernel first what it has, and keep what the core wants until it has said")
    func start() {
        var stage = Stage("10.0.0.100")
        #expect(stage.add(1) == [])
        #expect(stage.step(.announce(Stage.web)) == [])
        #expect(stage.remove(2) == [])
        #expect(stage.step(.begin(byTurns: true)) == ["1: survey"])
        #expect(!stage.host.hasBegun)
        #expect(
            stage.answer(.found(links: [Stage.eth0], addresses: [])) == [
                "place 0 on 3", "2: add 10.0.0.100 on 3 for 10 s", "announce 0",
                "3: remove 10.0.0.100 on 3", "tell web interface up",
            ]
        )
        #expect(stage.host.hasBegun)
    }

    @Test("of an earlier process are taken off at the start where no group has them any more")
    func leftovers() {
        var stage = Stage("10.0.0.100")
        stage.step(.begin(byTurns: true))
        let found = [
            Stage.address("10.0.0.99"), Stage.foreign("10.0.0.98"), Stage.address("10.0.0.100"),
            Stage.address("10.0.0.100", on: 5), Stage.address("10.0.0.97"),
        ]
        #expect(
            stage.answer(.found(links: [Stage.eth0], addresses: found)) == [
                "place 0 on 3",
                "2: remove 10.0.0.99 on 3, 10.0.0.100 on 5, 10.0.0.97 on 3",
                "tell web interface up",
            ]
        )
        let answer = AddressAnswer.removed(absent: [found[4]], kept: [], nil)
        #expect(
            stage.answer(answer) == [
                "note removed 10.0.0.99/32, which no group has",
                "note removed 10.0.0.100/32, which no group has",
            ]
        )
    }

    @Test("are asked about again a second after the kernel has refused to say what it has")
    func surveyRefused() {
        var stage = Stage("10.0.0.100")
        stage.step(.begin(byTurns: true))
        #expect(stage.answer(.refused(Self.denied)) == ["note survey refused: EACCES"])
        #expect(stage.host.dueAt(now: stage.now) == stage.now + .seconds(1))
        stage.pass(.seconds(1))
        #expect(stage.step(.wake) == ["2: survey"])
    }

    @Test("are what was told after the question, where the answer is older")
    func toldMeanwhile() {
        var stage = Stage("10.0.0.100", "10.0.0.101")
        stage.step(.begin(byTurns: true))
        stage.told(
            .addressGone(Stage.address("10.0.0.100")),
            .address(Stage.address("10.0.0.101")),
            .link(Link(index: 4, name: "eth0")),
            .linkGone(index: 3, name: "eth0")
        )
        let old = [Stage.address("10.0.0.100"), Stage.address("10.0.0.101", on: 4)]
        // Both may still be there in vain, and nothing else is known of them.
        #expect(
            stage.answer(.found(links: [Stage.eth0], addresses: old)) == [
                "place 0 on 4", "2: remove 10.0.0.100 on 3, 10.0.0.101 on 3",
                "tell web interface up",
            ]
        )
        // The link took along what was on it, and only the address on the new one is there.
        #expect(stage.remove(1).last?.contains("remove 10.0.0.101 on 4, 10.0.0.100 on 4") == true)
    }

    // MARK: - On and off

    @Test("are added at the core's request, and the kernel's word is passed on")
    func add() {
        var stage = Stage.begun("10.0.0.100", "fd00::64")
        #expect(stage.add(7) == ["2: add 10.0.0.100, fd00::64 on 3 for 10 s"])
        #expect(stage.told(.address(Stage.address("10.0.0.100"))) == [])
        #expect(!stage.host.isIdle)
        #expect(stage.answer(.added) == ["tell web added (7)"])
        #expect(stage.host.isIdle)
        // The other notification comes late, and is no news.
        #expect(stage.told(.address(Stage.address("fd00::64"))) == [])
    }

    @Test("are refused with the kernel's reason, which is believed for a while")
    func addRefused() {
        var stage = Stage.begun("10.0.0.100")
        stage.add(7)
        #expect(
            stage.answer(.refused(Self.denied)) == [
                "note refused: EACCES", "tell web not added (7)", "tell web can't be taken",
                "note unaddressable: EACCES",
            ]
        )
        stage.pass(.seconds(2))
        #expect(stage.step(.wake).contains("tell web can be taken"))
    }

    @Test("are not asked for where there is no interface")
    func noInterface() {
        var stage = Stage("10.0.0.100")
        stage.step(.begin(byTurns: true))
        #expect(stage.answer(.found(links: [], addresses: [])) == ["tell web interface down"])
        #expect(stage.add(7) == ["note no interface eth0", "tell web not added (7)"])
    }

    @Test("that came too late are asked for again, all of them")
    func late() {
        var stage = Stage.begun("10.0.0.100")
        let before = Instant(.seconds(101))
        #expect(
            stage.add(7, before: before) == ["2: add 10.0.0.100 on 3 for 10 s before 101000 ms"]
        )
        #expect(stage.answer(.late) == ["tell web late (7)", "tell web has none"])
    }

    @Test("are removed wherever they are, and the core hears of it once nothing announces them")
    func remove() {
        var stage = Stage.begun("10.0.0.100", with: ["10.0.0.100"])
        stage.told(.address(Stage.foreign("10.0.0.100", on: 5)))
        #expect(stage.remove(7) == ["2: remove 10.0.0.100 on 3, 10.0.0.100 on 5"])
        let done = AddressAnswer.removed(absent: [], kept: [], nil)
        #expect(stage.answer(done) == ["await silence of 0"])
        #expect(!stage.host.isIdle)
        #expect(stage.step(.silent(group: 0)) == ["tell web removed (7)"])
        #expect(stage.step(.silent(group: 0)) == [])
        #expect(stage.host.isIdle)
    }

    @Test("that the kernel had told of, and did not have to remove, are looked for")
    func doubtful() {
        var stage = Stage.begun("10.0.0.100", with: ["10.0.0.100"])
        stage.remove(7)
        let absent = AddressAnswer.removed(absent: [Stage.address("10.0.0.100")], kept: [], nil)
        #expect(stage.answer(absent) == ["3: look for 10.0.0.100"])
        var other = Stage.address("10.0.0.100")
        other.prefixLength = 24
        #expect(
            stage.answer(.found(links: [], addresses: [other])) == ["note 10.0.0.100 still there"]
        )
        stage.pass(.milliseconds(50))
        let again = stage.step(.wake).first { $0.contains("remove") }
        #expect(again == "5: remove 10.0.0.100 on 3, 10.0.0.100 on 3")
        #expect(stage.asked?.request == .remove([other, Stage.address("10.0.0.100", lifetime: 1)]))
    }

    @Test("whose removal is refused are removed again after 50 ms, until the core wants them")
    func removalRefused() {
        var stage = Stage.begun("10.0.0.100", with: ["10.0.0.100"])
        stage.remove(7)
        let address = Stage.address("10.0.0.100")
        let refused = AddressAnswer.removed(absent: [], kept: [address], Self.denied)
        #expect(stage.answer(refused) == ["note refused: EACCES"])
        stage.pass(.milliseconds(49))
        #expect(!stage.step(.wake).contains { $0.contains("remove") })
        stage.pass(.milliseconds(1))
        #expect(stage.step(.wake).contains { $0.hasSuffix("remove 10.0.0.100 on 3") })
        stage.answer(refused)
        stage.add(8)
        stage.pass(.seconds(1))
        #expect(!stage.step(.wake).contains { $0.contains("remove") })
    }

    @Test("that come while others are removed are still there afterwards, and are told")
    func foundWhileRemoving() {
        var stage = Stage.begun("10.0.0.100", with: ["10.0.0.100"])
        stage.told(.overrun)
        stage.remove(7)
        let other = Stage.foreign("10.0.0.100", on: 9)
        stage.answer(.found(links: [Stage.eth0], addresses: [other]), to: 2)
        stage.answer(
            .removed(absent: [Stage.address("10.0.0.100")], kept: [], nil),
            to: 3
        )
        #expect(stage.remove(8).first?.contains("remove 10.0.0.100 on 9") == true)
    }

    // MARK: - What others do

    @Test("that somebody takes off are missed at once, and only those are added again")
    func takenOff() {
        var stage = Stage.owning("10.0.0.100", "10.0.0.101")
        let gone = NetworkNotice.addressGone(Stage.address("10.0.0.101"))
        #expect(stage.told(gone) == ["tell web has some"])
        #expect(stage.told(gone) == [])
        #expect(stage.add(2).first?.contains("add 10.0.0.100, 10.0.0.101 on 3") == true)
    }

    @Test("that somebody puts on where they are not wanted are told, and removed")
    func putOn() {
        var stage = Stage.begun("10.0.0.100")
        #expect(stage.told(.address(Stage.foreign("10.0.0.7"))) == [])
        #expect(stage.told(.address(Stage.foreign("10.0.0.100"))) == ["tell web has all"])
        #expect(stage.remove(1) == ["2: remove 10.0.0.100 on 3"])
    }

    @Test("that go while they are added are missed when the kernel is done")
    func disturbed() {
        var stage = Stage.begun("10.0.0.100", "10.0.0.101")
        stage.add(1)
        let first = Stage.address("10.0.0.100")
        #expect(stage.told(.address(first), .addressGone(first)) == [])
        #expect(stage.answer(.added) == ["tell web has some", "tell web added (1)"])
    }

    @Test("that somebody changes a thousand times a second are told of every 10 ms")
    func pace() {
        var stage = Stage.owning("10.0.0.100")
        let (gone, came) = (
            NetworkNotice.addressGone(Stage.address("10.0.0.100")),
            NetworkNotice.address(Stage.address("10.0.0.100"))
        )
        var told = 0
        for _ in 0..<1000 {
            for line in stage.told(gone) + stage.told(came) where line == "tell web has none" {
                told += 1
            }
            stage.pass(.milliseconds(1))
            for line in stage.step(.wake) where line == "tell web has none" { told += 1 }
        }
        #expect((90...100).contains(told))
    }

    @Test("that are wrong are told of again, until the core asks for something")
    func toldAgain() {
        var stage = Stage.begun("10.0.0.100")
        #expect(stage.told(.address(Stage.foreign("10.0.0.100"))) == ["tell web has all"])
        stage.pass(.milliseconds(10))
        #expect(stage.step(.wake).contains("tell web has all"))
        stage.remove(1)
        stage.pass(.milliseconds(10))
        #expect(!stage.step(.wake).contains("tell web has all"))
    }

    @Test("that come right by themselves while a look is owed are no news")
    func rightAgain() {
        var stage = Stage.owning("10.0.0.100")
        let gone = NetworkNotice.addressGone(Stage.address("10.0.0.100"))
        #expect(stage.told(gone) == ["tell web has none"])
        stage.told(.address(Stage.address("10.0.0.100")), gone)
        stage.told(.address(Stage.address("10.0.0.100")))
        stage.pass(.milliseconds(10))
        #expect(!stage.step(.wake).contains("tell web has none"))
    }

    @Test("in another shape on the same interface stand in the way of IPv6, and go first")
    func obstacles() {
        var stage = Stage.begun("fd00::64", "10.0.0.100")
        var (six, four) = (Stage.foreign("fd00::64"), Stage.foreign("10.0.0.100"))
        (six.prefixLength, four.prefixLength) = (64, 24)
        stage.told(.address(six), .address(four))
        #expect(
            stage.add(1) == ["2: add fd00::64, 10.0.0.100 on 3 for 10 s without fd00::64/64"]
        )
    }

    @Test("in another shape that come while ours are added are kept by the kernel, and seen to be")
    func obstacleMeanwhile() {
        var stage = Stage.begun("fd00::64")
        #expect(stage.add(1) == ["2: add fd00::64 on 3 for 10 s"])
        var kept = Stage.foreign("fd00::64")
        kept.prefixLength = 64
        #expect(stage.told(.address(kept)) == [])
        // The kernel renews the one that it has.
        kept = Stage.address("fd00::64")
        kept.prefixLength = 64
        #expect(stage.told(.address(kept)) == [])
        #expect(stage.answer(.added) == ["tell web has some", "tell web added (1)"])
        #expect(stage.add(2) == ["3: add fd00::64 on 3 for 10 s without fd00::64/64"])
    }

    @Test("are asked for anew after a lost notification, and are what is known until then")
    func overrun() {
        var stage = Stage.owning("10.0.0.100")
        #expect(stage.told(.overrun, .overrun) == ["3: survey"])
        #expect(stage.host.overruns == 2)
        #expect(stage.told(.overrun) == [])
        #expect(stage.told(.addressGone(Stage.address("10.0.0.100"))) == ["tell web has none"])
        stage.pass(.seconds(1))
        // The answer is older than what was told; and one more question follows.
        let old = [Stage.address("10.0.0.100")]
        #expect(
            stage.answer(.found(links: [Stage.eth0], addresses: old)) == [
                "tell web has none", "4: survey",
            ]
        )
        stage.pass(.seconds(1))
        #expect(stage.answer(.found(links: [Stage.eth0], addresses: old)) == [])
    }

    // MARK: - Interfaces

    @Test("leave with an interface that loses its name, and the core hears of it first")
    func renamed() {
        var stage = Stage.owning("10.0.0.100")
        #expect(
            stage.told(.link(Link(index: 3, name: "lan0"))) == [
                "tell web interface down", "tell web has some",
            ]
        )
        #expect(
            stage.host.finding(of: Stage.web, at: stage.now)
                == .renamed(interface: "eth0", to: "lan0")
        )
        #expect(stage.remove(2) == ["3: remove 10.0.0.100 on 3"])
    }

    @Test("move to another interface that gets the name, after the core has let go of the old one")
    func replaced() {
        var stage = Stage.owning("10.0.0.100")
        #expect(
            stage.told(.link(Link(index: 4, name: "eth0"))) == [
                "tell web interface down", "place 0 on 4", "tell web interface up",
                "tell web has some",
            ]
        )
        #expect(stage.remove(2) == ["3: remove 10.0.0.100 on 3, 10.0.0.100 on 4"])
    }

    @Test("go with an interface that goes, and come with the next of its name")
    func deleted() {
        var stage = Stage.owning("10.0.0.100")
        #expect(
            stage.told(.linkGone(index: 3, name: "eth0")) == [
                "tell web interface down", "tell web has none",
            ]
        )
        stage.pass(.seconds(1))
        #expect(
            stage.told(.link(Link(index: 9, name: "eth0"))) == [
                "place 0 on 9", "tell web interface up", "tell web has none",
            ]
        )
        #expect(stage.add(2) == ["3: add 10.0.0.100 on 9 for 10 s"])
    }

    @Test("are announced again when the interface is back, or has another MAC address")
    func announcedAgain() {
        var stage = Stage.owning("10.0.0.100")
        var link = Stage.eth0
        link.hasCarrier = false
        #expect(stage.told(.link(link)) == ["tell web interface down"])
        link.hasCarrier = true
        #expect(
            stage.told(.link(link)) == ["tell web announce again", "tell web interface up"]
        )
        link.mac = MACAddress(bits: 5)
        #expect(stage.told(.link(link)) == ["tell web announce again"])
        #expect(stage.told(.link(link)) == [])
    }

    // MARK: - Trials

    @Test("are tried each second, and the core hears what stands in the way")
    func trials() {
        var stage = Stage.begun("10.0.0.100", "10.0.0.101", "fd00::64")
        #expect(stage.step(.wake) == ["2: try 10.0.0.100, fd00::64"])
        #expect(
            stage.answer(.tried([nil, Self.denied])) == [
                "tell web can't be taken", "note unaddressable: EACCES",
            ]
        )
        #expect(stage.host.finding(of: Stage.web, at: stage.now) == .refused(Self.denied))
        stage.pass(.seconds(1))
        stage.step(.wake)
        #expect(stage.answer(.tried([nil, nil])) == ["tell web can be taken"])
    }

    @Test("are not known to a kernel that does not answer, and the core hears of that, too")
    func silentKernel() {
        var stage = Stage.begun("10.0.0.100")
        stage.step(.wake)
        stage.pass(.seconds(1))
        #expect(
            stage.step(.wake) == ["tell web kernel is silent", "note silent for 1 s"]
        )
        #expect(stage.answer(.tried([nil])) == ["tell web kernel answers"])
    }
}
