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

@Suite("Gate keeper", .enabled(if: isRoot, "network namespaces take root"))
struct GateKeeperTests {
    static let web = GateStage.web
    static let mail = GateStage.mail

    @Test("an agent that starts has its gate on every interface, closed, and opens one group")
    func fresh() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent()
            let status = keeper.status()
            #expect(status.state == .inPlace)
            let links = try stage.socket.links().filter { !$0.isLoopback }.map(\.name)
            #expect(status.interfaces.map(\.name).sorted() == links.sorted())
            #expect(status.interfaces.allSatisfy { $0.hasEgress && $0.hasIngress })
            #expect(keeper.takeNews().isEmpty)
            #expect(keeper.enforcement(of: Self.web) == .gate)

            for address in [GateStage.webAddress, GateStage.webAddress6, GateStage.mailAddress] {
                #expect(try !stage.answers(address))
            }
            keeper.open(Self.web, until: GateStage.soon(10).boottime)
            #expect(try stage.answers(GateStage.webAddress))
            #expect(try stage.answers(GateStage.webAddress, on: "v1"))
            #expect(try stage.answers(GateStage.webAddress6))
            #expect(try !stage.answers(GateStage.mailAddress))
            let open = try #require(keeper.status(of: Self.web)?.openMilliseconds)
            #expect((8000...10_000).contains(open))
            #expect(keeper.status(of: Self.mail)?.openMilliseconds == nil)

            keeper.close(Self.web)
            #expect(try !stage.answers(GateStage.webAddress))
            let drops = try #require(keeper.status(of: Self.web))
            #expect(drops.openMilliseconds == nil && drops.droppedLeaving >= 3)
        }
    }

    @Test("an agent whose kernel does not answer begins without it, not ready, and gets it later")
    func lateKernel() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent(patience: .zero)
            let first = keeper.takeNews()
            #expect(first.contains(.gate(Self.web, inPlace: false)))
            #expect(first.contains(.gate(Self.mail, inPlace: false)))
            #expect(!first.contains(.gatesClosed))
            #expect(keeper.status().state == .incomplete)
            #expect(keeper.status().reason?.hasPrefix("the kernel has not answered") == true)
            #expect(keeper.unavailability == nil)
            #expect(!keeper.areGatesFound)
            stage.wait(keeper) { keeper.status().state == .inPlace }
            #expect(keeper.areGatesFound)
            let news = keeper.takeNews()
            #expect(news.first == .gatesClosed)
            #expect(news.contains(.gate(Self.web, inPlace: true)))
            #expect(news.contains(.gate(Self.mail, inPlace: true)))
            #expect(try !stage.answers(GateStage.webAddress))
        }
    }

    @Test("what an earlier agent left open is closed when a late kernel has found it")
    func lateKernelWithGate() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            var keeper: GateAgent? = try stage.agent()
            keeper?.open(Self.web, until: GateStage.soon(60).boottime)
            keeper = nil
            let next = try stage.agent(patience: .zero)
            #expect(!next.areGatesFound && !next.isFound)
            stage.wait(next) { next.isFound }
            #expect(next.takeNews().contains(.gatesClosed))
            #expect(try !stage.answers(GateStage.webAddress))
        }
    }

    @Test("an interface that comes later is guarded, and one that goes is forgotten")
    func laterInterface() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent()
            #expect(run("ip", "link", "add", "x0", "type", "veth", "peer", "name", "x1") == 0)
            #expect(run("ip", "link", "set", "x0", "up") == 0)
            #expect(run("ip", "link", "set", "x1", "up") == 0)
            stage.wait(keeper) {
                Set(keeper.status().interfaces.map(\.name)).isSuperset(of: ["x0", "x1"])
                    && keeper.status().state == .inPlace
            }
            #expect(try !stage.answers(GateStage.webAddress, on: "x0"))
            #expect(run("ip", "link", "set", "x0", "name", "y0", "down") == 0)
            #expect(run("ip", "link", "del", "y0") == 0)
            stage.wait(keeper) {
                Set(keeper.status().interfaces.map(\.name)).isDisjoint(with: ["x0", "x1", "y0"])
            }
            #expect(keeper.status().state == .inPlace)
            #expect(keeper.takeNews().isEmpty)
        }
    }

    @Test("what somebody takes off is put back with its deadlines, and the core is not bothered")
    func putBack() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent()
            keeper.open(Self.web, until: GateStage.soon(60).boottime)
            let deeds = [
                ["tc", "qdisc", "del", "dev", "v0", "clsact"],
                ["tc", "filter", "del", "dev", "v0", "egress"],
                ["tc", "filter", "del", "dev", "v0", "ingress"],
            ]
            for (count, deed) in deeds.enumerated() {
                #expect(run(deed) == 0)
                stage.wait(keeper) { keeper.repairs > count }
                #expect(try !stage.answers(GateStage.mailAddress))
                #expect(try stage.answers(GateStage.webAddress))
            }
            #expect(keeper.status().state == .inPlace)
            #expect(keeper.takeNews().isEmpty)
            #expect(keeper.takeNotes().filter { $0.event == "gate-put-back" }.count == deeds.count)
        }
    }

    @Test("an ingress qdisc in its place keeps it off, and groups away, until that is gone")
    func conflict() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            #expect(run("tc", "qdisc", "add", "dev", "v1", "ingress") == 0)
            let keeper = try stage.agent()
            let status = keeper.status()
            #expect(status.state == .incomplete)
            #expect(status.reason?.contains("v1") == true)
            #expect(
                keeper.takeNews().map { "\($0)" }.sorted()
                    == [Self.web, Self.mail].map { "\(Event.gate($0, inPlace: false))" }.sorted()
            )
            #expect(
                keeper.takeNotes().contains {
                    $0.event == "gate-missing" && $0.reason.contains("v1")
                }
            )
            #expect(run("tc", "qdisc", "del", "dev", "v1", "ingress") == 0)
            var news: [Event] = []
            stage.wait(keeper) {
                news += keeper.takeNews()
                return keeper.status().state == .inPlace
            }
            news += keeper.takeNews()
            #expect(
                news.map { "\($0)" }.sorted()
                    == [Self.web, Self.mail].map { "\(Event.gate($0, inPlace: true))" }.sorted()
            )
        }
    }

    @Test("filters that come before it are shown as a risk, and others' are not")
    func risk() throws {
        try inNetworkNamespace {
            let stage = try GateStage()
            let keeper = try stage.agent()
            #expect(stage.addFilter(on: "v0", "egress", priority: 7) == 0)
            #expect(stage.addFilter(on: "v0", "ingress", priority: 1) == 0)
            stage.wait(keeper) { keeper.status().interfaces.contains { !$0.risks.isEmpty } }
            let risky = keeper.status().interfaces.filter { !$0.risks.isEmpty }
            #expect(risky.map(\.name) == ["v0"])
            #expect(risky.first?.risks == ["1 filter before the gate, arriving"])
            let notes = keeper.takeNotes().filter { $0.event == "gate-risk" }
            #expect(notes.map(\.reason) == ["v0: 1 filter before the gate, arriving"])
            #expect(keeper.status().state == .inPlace)
            #expect(keeper.takeNews().isEmpty)
        }
    }

    @Test("where no gate is to be had, a group that can do without one does")
    func withoutCapability() throws {
        for fallback in [nil, VIPCore.Enforcement.lifetimes, .agent] {
            try inNetworkNamespace {
                let stage = try GateStage()
                try Capabilities.dropAll()
                let keeper = try stage.agent(fallback: fallback)
                #expect(keeper.status().state == .unavailable)
                #expect(keeper.status().reason == "it takes CAP_BPF")
                #expect(keeper.enforcement(of: Self.web) == fallback ?? .agent)
                #expect(
                    keeper.takeNews().contains(.gate(Self.web, inPlace: false)) == (fallback == nil)
                )
                #expect(keeper.takeNotes().contains { $0.event == "gate-unavailable" })
                keeper.open(Self.web, until: GateStage.soon(10).boottime)
                #expect(keeper.status(of: Self.web) == nil)
                #expect(GateSupport.probe()?.contains("CAP_NET_ADMIN") == true)
            }
        }
    }

    @Test("where a gate can be had, it is said so")
    func support() throws {
        #expect(GateSupport.probe() == nil)
    }

    @Test("two hundred interfaces are guarded without keeping the start")
    func many() throws {
        try inNetworkNamespace {
            for number in 0..<100 {
                #expect(
                    run("ip", "link", "add", "a\(number)", "type", "veth", "peer", "b\(number)")
                        == 0
                )
            }
            let stage = try GateStage()
            let before = ClockReading.bootNow()
            let keeper = try stage.agent()
            let span = (ClockReading.bootNow() - before) / 1_000_000
            print("a gate on \(keeper.status().interfaces.count) interfaces: \(span) ms")
            #expect(keeper.status().interfaces.count >= 202)
            #expect(keeper.status().state == .inPlace)
            #expect(span < 10_000)
            let outcome = keeper.takeAway()
            print("taken away after \((ClockReading.bootNow() - before) / 1_000_000 - span) ms")
            #expect(outcome.failures.isEmpty)
        }
    }
}
