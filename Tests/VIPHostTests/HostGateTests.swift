import Testing
import VIPCore
import VIPHost

@Suite("The gate of a host")
struct HostGateTests {
    // MARK: - On the interfaces

    @Test("that is missing on one interface is not in place for any group, until it is back")
    func missing() {
        var talk = GateTalk()
        talk.settle()
        #expect(
            talk.hear(.attachments([.whole(2), .missing(3)])) == [
                "note: missing on eth3 (busy)",
                "tell: web not in place", "tell: mail not in place",
            ]
        )
        // The core knows.
        #expect(talk.hear(.attachments([.missing(2), .missing(3)])).count == 2)
        #expect(
            talk.hear(.attachments([.whole(2), .whole(3)])) == [
                "note: back on eth2", "note: back on eth3",
                "tell: web in place", "tell: mail in place",
            ]
        )
    }

    @Test("that has changed and changed back before anybody looked is no news to the core")
    func changedBack() {
        var talk = GateTalk()
        talk.settle()
        #expect(
            talk.hear(.attachments([.missing()]), .attachments([.whole()]))
                == ["note: missing on eth2 (busy)", "note: back on eth2"]
        )
    }

    @Test("that somebody took off and that was put back is counted, and no news to the core")
    func putBack() {
        var talk = GateTalk()
        talk.settle()
        #expect(talk.hear(.repaired("eth2")) == ["note: put back on eth2"])
        #expect(talk.gate.repairs == 1)
    }

    @Test("tells of a risk once, until it was gone")
    func risk() {
        var talk = GateTalk()
        talk.settle()
        let risky = GateAttachment.whole(risks: ["a filter"])
        #expect(talk.hear(.attachments([risky])) == ["note: risk on eth2 (a filter)"])
        #expect(talk.hear(.attachments([risky])) == [])
        #expect(talk.hear(.attachments([.whole()])) == [])
        #expect(talk.hear(.attachments([risky])) == ["note: risk on eth2 (a filter)"])
    }

    @Test("of a host without any interface is in place")
    func noInterface() {
        var talk = GateTalk()
        talk.beginAtInterfaces()
        talk.hear(.loaded)
        #expect(talk.hear(.attachments([])) == ["store", "tell: gates closed"])
        #expect(talk.gate.unavailability == nil)
    }

    @Test("that can't be kept at first is not in place, also for a tenure that goes on")
    func failed() {
        var talk = GateTalk(tenures: (web, 0.4))
        talk.begin()
        talk.hear(.found(.descriptors, [occupant(3, mail), occupant(7, web)]))
        #expect(
            talk.hear(.failed("no netlink"))
                == ["note: failed (no netlink)", "tell: web not in place"]
        )
        #expect(!talk.gate.isPending)
        #expect(
            talk.hear(.attachments([.whole()])) == [
                "store but what was inherited", "tell: web in place", "tell: mail in place",
            ]
        )
        // Later, attachments alone say where it is.
        #expect(talk.hear(.failed("no netlink")) == ["note: failed (no netlink)"])
    }

    @Test("that can't be kept at first is not waited for any longer")
    func failedAtStart() {
        var talk = GateTalk()
        talk.beginAtInterfaces()
        talk.hear(.loaded)
        #expect(
            talk.hear(.failed("no netlink")) == [
                "note: failed (no netlink)", "tell: web not in place", "tell: mail not in place",
            ]
        )
        #expect(talk.gate.deadline == nil)
    }

    @Test("that can't be pinned works")
    func notPinned() {
        var talk = GateTalk()
        talk.settle()
        #expect(talk.hear(.notPinned("EROFS")) == ["note: not pinned (EROFS)"])
    }

    // MARK: - Without a gate

    @Test("that is not to be had is one that some groups do without, and others can't")
    func unavailable() {
        var talk = GateTalk(web: .agent)
        talk.beginAtInterfaces()
        #expect(
            talk.hear(.unavailable("no eBPF")) == [
                "note: unavailable (no eBPF), 1 can't be here",
                "remove the foreign gate",
                "tell: gates closed", "tell: mail not in place",
            ]
        )
        #expect(talk.gate.unavailability == "no eBPF")
        #expect(talk.gate.areGatesFound && !talk.gate.isPending && talk.gate.deadline == nil)
        #expect(talk.open(web, until: 10.5) == ["remove the foreign gate under web"])
        #expect(talk.close(web) == [])
    }

    @Test("that was made and loaded, and that no interface takes, is none")
    func unsupported() {
        var talk = GateTalk(web: .lifetimes)
        talk.beginAtInterfaces()
        talk.hear(.loaded)
        #expect(
            talk.hear(.attachments([.unsupported(2), .unsupported(3)])) == [
                "let go",
                "note: unavailable (no clsact), 1 can't be here",
                "remove the foreign gate",
                "tell: gates closed", "tell: mail not in place",
            ]
        )
        #expect(talk.gate.slot(of: web) == nil)
    }

    @Test("that one interface takes and others do not is one that is missing there")
    func partlySupported() {
        var talk = GateTalk()
        talk.beginAtInterfaces()
        talk.hear(.loaded)
        #expect(
            talk.hear(.attachments([.whole(2), .unsupported(3)])) == [
                "store", "tell: gates closed", "note: missing on eth3 (no clsact)",
                "tell: web not in place", "tell: mail not in place",
            ]
        )
    }

    @Test("that every interface takes after all is not relied on before the next start")
    func afterAll() {
        var talk = GateTalk(web: .lifetimes)
        talk.beginAtInterfaces()
        talk.hear(.loaded)
        talk.hear(.attachments([.unsupported()]))
        #expect(talk.hear(.attachments([.whole()])) == [])
        #expect(talk.gate.unavailability == "no clsact")
        #expect(talk.gate.enforcement(of: web) == .lifetimes)
    }

    @Test("was once kept, and is kept also where all interfaces refuse it later")
    func refusedLater() {
        var talk = GateTalk(web: .lifetimes)
        talk.settle()
        #expect(
            talk.hear(.attachments([.unsupported()])) == [
                "note: missing on eth2 (no clsact)",
                "tell: web not in place", "tell: mail not in place",
            ]
        )
        #expect(talk.gate.unavailability == nil)
    }

    // MARK: - A gate of an earlier agent that can't be opened

    @Test("stays while a tenure goes on, until a group is owned that something else silences")
    func foreign() {
        var talk = GateTalk(mail: .agent, tenures: (web, 0.4))
        talk.beginAtInterfaces()
        #expect(
            talk.hear(.unavailable("no eBPF")) == [
                "note: unavailable (no eBPF), 1 can't be here",
                "tell: gates closed", "tell: web not in place", "tell: mail in place",
            ]
        )
        // The gate is all that can silence this one.
        #expect(talk.open(web, until: 10.5) == [])
        #expect(talk.open(mail, until: 10.5) == ["remove the foreign gate under mail"])
        // Once is enough.
        #expect(talk.open(mail, until: 10.6) == [])
        let outcome = GateRemovalReport(removed: ["gate on eth2"], failures: ["eth3: busy"])
        #expect(
            talk.step(.foreignGateRemoved(outcome, silenced: [mail])) == [
                "note: foreign gate removed (gate on eth2)",
                "note: foreign gate left (eth3: busy)",
            ]
        )
        #expect(talk.open(mail, until: 10.7) == [])
    }

    @Test("stays while an address is there, and is removed once its group is owned")
    func foreignUnderAddress() {
        var talk = GateTalk(web: .agent)
        talk.beginAtInterfaces()
        talk.hear(.unavailable("no eBPF"))
        let outcome = GateRemovalReport(failures: ["10.77.0.100 is still there"])
        #expect(
            talk.step(.foreignGateRemoved(outcome, silenced: []))
                == ["note: foreign gate left (10.77.0.100 is still there)"]
        )
        #expect(talk.open(web, until: 10.5) == ["remove the foreign gate under web"])
    }

    @Test("stays for an address of another group, and is asked for again until that is off")
    func foreignUnderOtherAddress() {
        var talk = GateTalk(web: .lifetimes, mail: .lifetimes)
        talk.beginAtInterfaces()
        talk.hear(.unavailable("no eBPF"))
        let needed = GateRemovalReport(failures: ["10.77.0.101 is still there"], isNeeded: true)
        talk.step(.foreignGateRemoved(needed, silenced: []))
        #expect(talk.open(web, until: 10.5) == ["remove the foreign gate under web"])
        talk.step(.foreignGateRemoved(needed, silenced: [web]))
        #expect(talk.open(web, until: 10.6) == ["remove the foreign gate under web"])
        // Another question is under way by the time of this answer.
        #expect(talk.open(mail, until: 10.6) == ["remove the foreign gate under web, mail"])
        talk.step(.foreignGateRemoved(needed, silenced: [web]))
        #expect(talk.open(web, until: 10.7) == [])
        talk.step(.foreignGateRemoved(GateRemovalReport(), silenced: [web, mail]))
        #expect(talk.open(web, until: 10.8) == [])
    }

    @Test("that is gone is not asked for again")
    func foreignGone() {
        var talk = GateTalk(web: .agent)
        talk.beginAtInterfaces()
        talk.hear(.unavailable("no eBPF"))
        #expect(talk.step(.foreignGateRemoved(GateRemovalReport(), silenced: [])) == [])
        #expect(talk.open(web, until: 10.5) == [])
    }

    @Test("is not taken to be kept by the late answer to an earlier question")
    func foreignLate() {
        var talk = GateTalk(web: .agent)
        talk.beginAtInterfaces()
        talk.hear(.unavailable("no eBPF"))
        talk.open(web, until: 10.5)
        let late = GateRemovalReport(failures: ["10.77.0.100 is still there"])
        talk.step(.foreignGateRemoved(late, silenced: []))
        #expect(talk.open(web, until: 10.6) == [])
    }

    // MARK: - The end

    @Test("is closed for everybody before it is taken away")
    func takenAway() {
        var talk = GateTalk()
        talk.settle()
        talk.open(web, until: 10.5)
        #expect(talk.step(.takeAway) == ["close all", "take away"])
        #expect(talk.gate.deadline == .seconds(10.4))
        let outcome = GateRemovalReport(removed: ["gate on eth2"])
        #expect(talk.hear(.attachments([.missing()]), .takenAway(outcome)) == [])
        #expect(talk.gate.posture == .gone(outcome))
        #expect(talk.gate.deadline == nil)
        #expect(talk.step(.takeAway) == [])
    }

    @Test("stays, closed, where the kernel does not take it away in time")
    func busy() {
        var talk = GateTalk()
        talk.settle()
        talk.step(.takeAway)
        talk.pass(0.399)
        #expect(talk.gate.deadline == .seconds(10.4))
        talk.pass(0.001)
        #expect(talk.gate.posture == .gone(nil))
        #expect(talk.hear(.takenAway(GateRemovalReport())) == [])
        #expect(talk.gate.posture == .gone(nil))
    }

    @Test("that there never was needs not be taken away")
    func nothingToTakeAway() {
        var talk = GateTalk()
        talk.beginAtInterfaces()
        #expect(talk.step(.takeAway) == [])
        #expect(talk.gate.posture == .gone(GateRemovalReport()))
    }

    // MARK: - Who asks

    @Test("is looked at for whoever asks, once a second at most")
    func asked() {
        var talk = GateTalk()
        talk.settle()
        #expect(talk.step(.asked) == ["sweep"])
        talk.pass(1)
        #expect(talk.step(.asked) == [])
        talk.pass(0.001)
        #expect(talk.step(.asked) == ["sweep"])
    }

    @Test("is what enforces a lease once it was found; until then, what holds in either case")
    func enforcement() {
        func all(_ gate: HostGate) -> [Enforcement] {
            [gate.enforcement(of: web), gate.enforcement(of: mail)]
        }
        var talk = GateTalk(web: .lifetimes)
        #expect(all(talk.gate) == [.lifetimes, .gate])
        talk.beginAtInterfaces()
        #expect(all(talk.gate) == [.lifetimes, .gate])
        var other = talk
        other.hear(.found(.program(interface: "eth2"), []))
        #expect(all(other.gate) == [.gate, .gate])
        talk.hear(.loaded)
        #expect(all(talk.gate) == [.lifetimes, .gate])
        other = talk
        talk.hear(.attachments([.missing()]))
        #expect(all(talk.gate) == [.gate, .gate])
        other.hear(.attachments([.unsupported()]))
        #expect(all(other.gate) == [.lifetimes, .agent])
    }

    @Test("is not changed by an answer that nobody has asked for")
    func strayReports() {
        var talk = GateTalk()
        #expect(talk.hear(.loaded, .found(.pins, []), .attachments([.whole()])) == [])
        talk.begin()
        #expect(talk.hear(.loaded, .found(.pins, []), .attachments([.whole()])) == [])
        #expect(talk.hear(.unavailable("no eBPF"), .notFound(.pins)) == [])
        #expect(talk.hear(.takenAway(GateRemovalReport())) == [])
        talk.hear(.found(.descriptors, []))
        talk.hear(.attachments([.whole()]))
        #expect(talk.hear(.loaded, .found(.descriptors, []), .unavailable("no eBPF")) == [])
        #expect(talk.step(.foreignGateRemoved(GateRemovalReport(), silenced: [web])) == [])
        #expect(talk.gate.posture == .kept([.whole()]))
    }
}
