import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPControl
import VIPCore
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Gate and restarts", .enabled(if: isRoot, "network namespaces take root"))
struct GateRestartTests {
    static let web = GateStage.web
    static let mail = GateStage.mail

    @Test("it goes on without its agent, and the next one finds it by the kernel's ids")
    func found() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(60).boottime)
            keeper?.open(Self.mail, until: GateStage.soon(60).boottime)
            keeper = nil
            #expect(try stage.answers(GateStage.webAddress))

            // The page of web says ten seconds, and of mail that it is not owned any more.
            let next = try stage.agent(page: GateStage.page(owning: Self.web))
            #expect(next.takeNews() == [.gate(Self.mail, inPlace: false)])
            stage.wait(next) { next.isFound }
            // What mail has let through till then may still be on its way.
            #expect(next.takeNews() == [.gatesClosed])
            #expect(try stage.answers(GateStage.webAddress))
            #expect(try !stage.answers(GateStage.mailAddress))
            let open = try #require(next.status(of: Self.web)?.openMilliseconds)
            #expect((40_000...60_000).contains(open))
            stage.wait(next) { next.status().state == .inPlace }
            #expect(next.takeNews() == [.gate(Self.mail, inPlace: true)])
            #expect(next.takeNotes().contains { $0.event == "gate-found" })
            #expect(try stage.answers(GateStage.webAddress))
            #expect(next.repairs == 0)
            next.close(Self.web)
            #expect(try !stage.answers(GateStage.webAddress))
        }
    }

    @Test(
        "descriptors that were handed on, or pinned, are the same gate",
        arguments: [true, false]
    )
    func handedOn(isPinned: Bool) throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let pins = stage.scratch("bpf")
            #expect(run("mkdir", pins) == 0)
            if isPinned { #expect(run("mount", "-t", "bpf", "bpf", pins) == 0) }
            defer { if isPinned { run("umount", pins) } }
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(60).boottime)
            var inherited: [String: Int32] = [:]
            if !isPinned {
                for (name, number) in keeper?.descriptors ?? [:] { inherited[name] = dup(number) }
                #expect(inherited.count == 9)
            }
            stage.wait { !isPinned || run("test", "-e", "\(pins)/gate-deadlines") == 0 }
            keeper = nil
            // By ids it could not be found any more.
            #expect(run("tc", "qdisc", "del", "dev", "v0", "clsact") == 0)
            #expect(run("tc", "qdisc", "del", "dev", "v1", "clsact") == 0)

            let next = try stage.agent(
                page: GateStage.page(owning: Self.web),
                inherited: inherited
            )
            stage.wait(next) { next.status().state == .inPlace }
            let open = try #require(next.status(of: Self.web)?.openMilliseconds)
            #expect((40_000...60_000).contains(open))
            #expect(try stage.answers(GateStage.webAddress))
            #expect(try !stage.answers(GateStage.mailAddress))
            let note = try #require(next.takeNotes().first { $0.event == "gate-found" })
            #expect(note.reason == (isPinned ? "by its pins" : "by its descriptors"))
            #expect(next.takeAway().failures.isEmpty)
            #expect(run("test", "-e", "\(pins)/gate-deadlines") == 1)
        }
    }

    @Test("a deadline that was set before it was found is the one that holds")
    func renewedMeanwhile() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(5).boottime)
            keeper = nil
            let next = try stage.agent(page: GateStage.page(owning: Self.web))
            next.open(Self.web, until: GateStage.soon(60).boottime)
            stage.wait(next) { next.isFound }
            let open = try #require(next.status(of: Self.web)?.openMilliseconds)
            #expect((40_000...60_000).contains(open))
        }
    }

    @Test("one that can't be found is replaced by one that is open for as long as the page says")
    func replaced() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(60).boottime)
            keeper = nil
            // Another gate, so that the one on the interfaces is not looked for.
            let other = try Gate.load()
            var inherited: [String: Int32] = [:]
            for (name, number) in other.descriptors { inherited[name] = dup(number) }
            let next = try stage.agent(
                page: GateStage.page(owning: Self.web),
                inherited: inherited
            )
            let limit = ClockReading.bootNow() + 10_000_000_000
            while next.status().state != .inPlace, ClockReading.bootNow() < limit {
                #expect(try stage.answers(GateStage.webAddress))
                #expect(try !stage.answers(GateStage.mailAddress))
                next.takeReports()
            }
            #expect(try stage.answers(GateStage.webAddress))
            let open = try #require(next.status(of: Self.web)?.openMilliseconds)
            #expect((5000...10_000).contains(open))
            let news = next.takeNews()
            #expect(!news.contains(.gate(Self.web, inPlace: false)))
        }
    }

    @Test("a tenure that goes on without any gate gets one, and what came in between holds")
    func madeMeanwhile() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent(page: GateStage.page(owning: Self.web, Self.mail))
            #expect(keeper.takeNews().isEmpty)
            keeper.open(Self.web, until: GateStage.soon(60).boottime)
            keeper.close(Self.mail)
            stage.wait(keeper) { keeper.status().state == .inPlace }
            #expect(try stage.answers(GateStage.webAddress))
            #expect(try !stage.answers(GateStage.mailAddress))
            let open = try #require(keeper.status(of: Self.web)?.openMilliseconds)
            #expect((40_000...60_000).contains(open))
            #expect(keeper.takeNews() == [.gatesClosed])
        }
    }

    @Test("a group that neither configuration nor page knows is closed, and later forgotten")
    func forgottenGroup() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(60).boottime)
            keeper?.open(Self.mail, until: GateStage.soon(60).boottime)
            keeper = nil
            let v0 = try #require(try stage.socket.links().first { $0.name == "v0" }).index
            let address = InterfaceAddress(
                floating: GateStage.mailAddress,
                prefixLength: 32,
                on: v0,
                lifetime: 60
            )
            try stage.socket.add(address)

            var next: GateAgent? = try stage.agent(
                mail: [],
                page: GateStage.page(owning: Self.web, Self.mail)
            )
            stage.wait(next!) { next?.isFound == true }
            #expect(try !stage.answers(GateStage.mailAddress))
            stage.wait(next!) { next?.status().state == .inPlace }
            // The address is still here, and only its slot keeps it silent.
            #expect(try !stage.answers(GateStage.mailAddress))
            #expect(try stage.answers(GateStage.webAddress))
            next = nil
            try stage.socket.remove(address)

            let last = try stage.agent(mail: [], page: GateStage.page(owning: Self.web))
            stage.wait(last) { last.status().state == .inPlace }
            #expect(try stage.answers(GateStage.mailAddress))
            #expect(last.status(of: Self.mail)?.openMilliseconds == nil)
        }
    }

    @Test("an address that was given to another group is that group's")
    func movedAddress() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(60).boottime)
            keeper = nil
            let next = try stage.agent(
                web: ["10.77.0.101"],
                mail: ["10.77.0.100"],
                page: GateStage.page(owning: Self.web)
            )
            stage.wait(next) { next.status().state == .inPlace }
            #expect(try stage.answers(GateStage.mailAddress))
            #expect(try !stage.answers(GateStage.webAddress))
            // In no group any more, and on no interface.
            #expect(try stage.answers(GateStage.webAddress6))
        }
    }

    @Test("it is taken away with its qdisc, and what is others' stays")
    func takenAway() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            #expect(run("tc", "qdisc", "add", "dev", "v1", "clsact") == 0)
            #expect(stage.addFilter(on: "v1", "egress", priority: 9) == 0)
            try nameThread("taken-away")
            let keeper = try stage.agent()
            let count = try threads(named: "taken-away")
            let outcome = keeper.takeAway()
            #expect(outcome.failures.isEmpty)
            #expect(Set(outcome.removed).isSuperset(of: ["gate on v0", "gate on v1"]))
            #expect(try stage.answers(GateStage.webAddress))
            #expect(try stage.answers(GateStage.webAddress, on: "v1"))
            #expect(run("sh", "-c", "tc qdisc show dev v0 | grep -q clsact") == 1)
            #expect(run("sh", "-c", "tc filter show dev v1 egress | grep -q 'pref 9'") == 0)
            // Nobody puts it back: the worker's thread has ended.
            try stage.wait { try threads(named: "taken-away") == count - 1 }
            #expect(try stage.answers(GateStage.webAddress))
        }
    }

    @Test("it stays, closed, while an address is left")
    func staysWithAddress() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent()
            keeper.open(Self.web, until: GateStage.soon(60).boottime)
            #expect(run("ip", "addr", "add", "10.77.0.100/32", "dev", "v1") == 0)
            let outcome = keeper.takeAway()
            #expect(outcome.removed.isEmpty)
            #expect(outcome.failures.count == 1)
            #expect(outcome.failures.first?.contains("10.77.0.100") == true)
            #expect(try !stage.answers(GateStage.webAddress))
        }
    }

    @Test("a dead agent's is removed without its descriptors, and where there is none nothing is")
    func cleaned() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            #expect(keeper?.status().state == .inPlace)
            keeper = nil
            let removal = GateRemoval(
                addresses: [GateStage.webAddress],
                pins: stage.scratch("bpf")
            )
            let removed = removal.carryOut()
            #expect(removed.failures.isEmpty)
            #expect(Set(removed.removed).isSuperset(of: ["gate on v0", "gate on v1"]))
            #expect(removal.carryOut() == GateRemoval.Outcome())
            #expect(try stage.answers(GateStage.webAddress))
        }
    }
}
