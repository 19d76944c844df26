import Testing
import VIPCore
import VIPHost

@Suite("The gate of a host that starts")
struct GateStartTests {
    @Test("is looked for by descriptors, pins and interfaces, and made where there is none")
    func fresh() {
        var talk = GateTalk()
        #expect(talk.begin() == ["find by descriptors"])
        #expect(talk.hear(.notFound(.descriptors)) == ["find by pins"])
        #expect(talk.hear(.notFound(.pins)) == ["find by interfaces"])
        #expect(!talk.gate.areGatesFound)
        #expect(
            talk.hear(.loaded) == [
                "give slot 1 to web", "give slot 2 to mail",
                "put web in 1, mail in 2", "keep web in 1, mail in 2",
                "note: loaded",
            ]
        )
        // It replaces an earlier gate only once it sits where that did.
        #expect(!talk.gate.areGatesFound)
        // The core has taken it to be in place all along, and waited for this.
        #expect(talk.hear(.attachments([.whole()])) == ["store", "tell: gates closed"])
        #expect(talk.gate.areGatesFound)
        #expect(!talk.gate.isPending)
    }

    @Test("opens and closes a group by one store")
    func stores() {
        var talk = GateTalk()
        talk.settle()
        #expect(talk.open(web, until: 10.5) == ["open slot 1 until 10.5 s"])
        #expect(talk.open(mail, until: 10.6) == ["open slot 2 until 10.6 s"])
        #expect(talk.close(web) == ["close slot 1"])
        #expect(talk.open(old, until: 10.5) == [])
        #expect(talk.close(old) == [])
    }

    @Test("that was left by descriptors stays theirs in the service manager's store")
    func inherited() {
        var talk = GateTalk()
        talk.begin()
        talk.hear(.found(.descriptors, []))
        #expect(talk.hear(.attachments([.whole()])) == ["store but what was inherited"])
    }

    @Test("begins once")
    func once() {
        var talk = GateTalk()
        talk.begin()
        #expect(talk.begin() == [])
        talk.hear(.notFound(.descriptors))
        #expect(talk.begin() == [])
    }

    // MARK: - Tenures that go on

    @Test("is not urgent where nothing goes on")
    func nothingUrgent() {
        #expect(!GateTalk().gate.isUrgent)
        #expect(!GateTalk().gate.hasTenure)
        // Of a group that is not configured any more.
        #expect(!GateTalk(tenures: (old, 0.4)).gate.isUrgent)
        #expect(!GateTalk(tenures: (web, -0.1)).gate.isUrgent)
    }

    @Test("is urgent where a tenure goes on that only the gate enforces")
    func urgent() {
        #expect(GateTalk(tenures: (web, 60)).gate.isUrgent)
        #expect(GateTalk(web: .agent, tenures: (web, 60)).gate.isUrgent)
    }

    @Test("is urgent for lifetimes that have less than a second left")
    func lifetimesUrgent() {
        #expect(!GateTalk(web: .lifetimes, tenures: (web, 1)).gate.isUrgent)
        #expect(GateTalk(web: .lifetimes, tenures: (web, 0.999)).gate.isUrgent)
        for (first, second) in [(60, 0.5), (0.5, 60)] {
            let talk = GateTalk(
                web: .lifetimes,
                mail: .lifetimes,
                tenures: (web, first),
                (mail, second)
            )
            #expect(talk.gate.isUrgent)
        }
        #expect(GateTalk(web: .lifetimes, tenures: (web, 1)).gate.hasTenure)
    }

    @Test("goes on for no tenure that is over on either clock")
    func bothClocks() {
        let over = GateTalk.record(web, boottime: 10.4, raw: 10)
        #expect(!GateTalk(records: [over]).gate.hasTenure)
        let overToo = GateTalk.record(web, boottime: 10, raw: 10.4)
        #expect(!GateTalk(records: [overToo]).gate.hasTenure)
        #expect(GateTalk(tenures: (web, 0.4)).gate.hasTenure)
    }

    @Test("goes on for no tenure by force")
    func forced() {
        let record = GateTalk.record(web, boottime: 10.4, raw: 10.4, forced: true)
        var talk = GateTalk(records: [record])
        #expect(!talk.gate.hasTenure)
        talk.begin()
        #expect(talk.hear(.found(.descriptors, [occupant(7, web)])).first == "close all")
    }

    @Test("is believed to be where it was left for a tenure that goes on, and for no other group")
    func believed() {
        var talk = GateTalk(tenures: (web, 0.4))
        #expect(talk.begin() == ["find by descriptors", "tell: mail not in place"])
        #expect(talk.gate.deadline == nil)
        #expect(
            talk.hear(.found(.descriptors, [occupant(3, mail), occupant(7, web)])) == [
                "close all but 7",
                "put web in 7, mail in 3",
                "note: found by descriptors",
                "keep web in 7, mail in 3",
                "tell: gates closed",
            ]
        )
        #expect(
            talk.hear(.attachments([.whole()]))
                == ["store but what was inherited", "tell: mail in place"]
        )
    }

    @Test("that was believed to be there and is not is told of")
    func disbelieved() {
        var talk = GateTalk(tenures: (web, 0.4))
        talk.begin()
        talk.hear(.found(.descriptors, [occupant(3, mail), occupant(7, web)]))
        #expect(
            talk.hear(.attachments([.whole(), .missing(3)])) == [
                "store but what was inherited", "note: missing on eth3 (busy)",
                "tell: web not in place",
            ]
        )
    }

    @Test("is waited for by half as long where a tenure has time, and until it is known")
    func unhurried() {
        var talk = GateTalk(web: .lifetimes, tenures: (web, 60))
        talk.begin()
        #expect(talk.gate.deadline == .seconds(10.5))
        talk.hear(.notFound(.descriptors))
        #expect(
            talk.hear(.found(.pins, [occupant(7, web)])) == [
                "close all but 7",
                "give slot 1 to mail",
                "put web in 7, mail in 1",
                "note: found by pins",
                "keep web in 7, mail in 1",
                "tell: gates closed", "tell: mail not in place",
            ]
        )
        #expect(talk.gate.deadline == nil)
    }

    @Test("that is made anew is open for as long as the page says, without any news of the owner")
    func replaced() {
        var talk = GateTalk(tenures: (web, 0.4))
        talk.beginAtInterfaces()
        #expect(
            talk.hear(.loaded) == [
                "give slot 1 to web", "open slot 1 until 10.4 s", "give slot 2 to mail",
                "put web in 1, mail in 2", "keep web in 1, mail in 2",
                "note: loaded",
            ]
        )
        #expect(
            talk.hear(.attachments([.whole()]))
                == ["store", "tell: gates closed", "tell: mail in place"]
        )
    }

    // MARK: - The kernel's silence

    @Test("is waited for within a bound, and comes when the kernel answers after all")
    func silence() {
        var talk = GateTalk()
        talk.beginAtInterfaces()
        #expect(talk.gate.deadline == .seconds(11))
        #expect(talk.pass(0.9) == [])
        #expect(talk.gate.isPending)
        #expect(
            talk.pass(0.1) == [
                "note: the kernel is silent", "tell: web not in place", "tell: mail not in place",
            ]
        )
        #expect(!talk.gate.isPending && !talk.gate.areGatesFound)
        #expect(talk.gate.deadline == nil)
        #expect(talk.pass(60) == [])
        #expect(
            talk.hear(.found(.program(interface: "eth2"), [occupant(7, web)])).last
                == "tell: gates closed"
        )
        #expect(
            talk.hear(.attachments([.whole()]))
                == ["store", "tell: web in place", "tell: mail in place"]
        )
    }

    @Test("is not believed in any more once the kernel was silent")
    func silenceOfRestored() {
        var talk = GateTalk(web: .lifetimes, tenures: (web, 60))
        talk.beginAtInterfaces()
        #expect(
            talk.pass(0.5) == [
                "note: the kernel is silent", "tell: web not in place", "tell: mail not in place",
            ]
        )
        #expect(
            talk.hear(.found(.program(interface: "eth2"), [occupant(7, web)])).last
                == "tell: gates closed"
        )
        #expect(
            talk.hear(.attachments([.whole()]))
                == ["store", "tell: web in place", "tell: mail in place"]
        )
    }

    @Test("is waited for on all interfaces where nothing goes on")
    func silenceWhilePlaced() {
        var talk = GateTalk()
        talk.begin()
        talk.hear(.found(.descriptors, []))
        #expect(talk.gate.deadline == .seconds(11))
        #expect(talk.pass(1).first == "note: the kernel is silent")
    }

    // MARK: - What was left in it

    @Test("is closed for whoever has left the configuration, who keeps the slot")
    func leftConfiguration() {
        var talk = GateTalk(tenures: (web, 0.4), (old, 0.4))
        talk.begin()
        #expect(
            talk.hear(.found(.descriptors, [occupant(1, old), occupant(3, web)])).prefix(3) == [
                "close all but 3", "give slot 2 to mail", "put web in 3, mail in 2",
            ]
        )
        #expect(talk.open(old, until: 10.5) == [])
    }

    @Test("has one slot for a group, and closes a second one")
    func twoSlots() {
        var talk = GateTalk(tenures: (web, 0.4))
        talk.begin()
        #expect(
            talk.hear(.found(.descriptors, [occupant(1, web), occupant(2, web)])).prefix(3) == [
                "close all but 2", "give slot 3 to mail", "put web in 2, mail in 3",
            ]
        )
        #expect(talk.close(web) == ["close slot 2"])
    }

    @Test("is closed and not used where it has no room, and the next way is tried, to the last")
    func full() {
        let strangers = (1...4094).map { occupant(UInt32($0), GroupID(1000 + UInt64($0))) }
        var talk = GateTalk(tenures: (web, 0.4))
        talk.begin()
        let full = strangers + [occupant(4095, web)]
        #expect(
            talk.hear(.found(.descriptors, full))
                == ["close all but 4095", "let go", "find by pins"]
        )
        #expect(
            talk.hear(.found(.pins, full))
                == ["close all but 4095", "let go", "find by interfaces"]
        )
        #expect(
            talk.hear(.found(.program(interface: "eth2"), full))
                == ["close all but 4095", "let go", "load"]
        )
        #expect(!talk.gate.areGatesFound)
        #expect(talk.hear(.loaded).first == "give slot 1 to web")
    }

    @Test("has its last slots for those that come last")
    func nearlyFull() {
        let strangers = (1...4093).map { occupant(UInt32($0), GroupID(1000 + UInt64($0))) }
        var talk = GateTalk()
        talk.begin()
        #expect(
            talk.hear(.found(.descriptors, strangers)).prefix(3)
                == ["close all", "give slot 4094 to web", "give slot 4095 to mail"]
        )
    }

    @Test("opens what was renewed before it was found, and closes what was closed")
    func meanwhile() {
        var talk = GateTalk(tenures: (web, 0.4), (mail, 0.4))
        talk.beginAtInterfaces()
        #expect(talk.open(web, until: 10.6) == [])
        #expect(talk.close(mail) == [])
        let occupants = [occupant(5, mail), occupant(6, web)]
        #expect(
            talk.hear(.found(.program(interface: "eth2"), occupants)).prefix(3)
                == ["close all but 6", "open slot 6 until 10.6 s", "put web in 6, mail in 5"]
        )
    }

    @Test("that is made is open for what was renewed before, and not for what was closed")
    func meanwhileMade() {
        var talk = GateTalk(tenures: (web, 0.4), (mail, 0.4))
        talk.beginAtInterfaces()
        talk.open(web, until: 10.6)
        talk.close(mail)
        #expect(
            talk.hear(.loaded).prefix(3)
                == ["give slot 1 to web", "open slot 1 until 10.6 s", "give slot 2 to mail"]
        )
    }

    @Test("is closed for what was opened and closed before it was found")
    func openedAndClosed() {
        var talk = GateTalk()
        talk.begin()
        talk.open(web, until: 10.6)
        talk.close(web)
        #expect(
            talk.hear(.found(.descriptors, [occupant(6, web)])).prefix(3)
                == ["close all", "give slot 1 to mail", "put web in 6, mail in 1"]
        )
    }
}

func occupant(_ slot: UInt32, _ group: GroupID) -> GateOccupant {
    GateOccupant(slot: slot, group: group)
}
