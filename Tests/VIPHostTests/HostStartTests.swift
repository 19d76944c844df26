import Testing
import VIPCore
import VIPHost

/// The order in which requests go to the kernel.
@Suite("A host that starts")
struct HostStartTests {
    @Test("finds its gate before the core is made, and asks about addresses after the first step")
    func nothingHeld() {
        var talk = HostTalk()
        #expect(talk.step(.begin) == ["gate: find by descriptors"])
        talk.hear(.notFound(.descriptors))
        talk.hear(.notFound(.pins))
        #expect(talk.hear(.loaded).last == "gate: note: loaded")
        // The core is made with this knowledge, and is not told of it.
        #expect(talk.hear(.attachments([.whole()])) == ["gate: store"])
        #expect(talk.host.gate.areGatesFound)
        #expect(talk.host.gate.deadline == nil)
        #expect(talk.step(.stepped) == ["addresses: 1: survey"])
        #expect(!talk.host.hasStarted)
        #expect(talk.answerSurvey().contains("tell: web interface up"))
        #expect(talk.host.hasStarted)
    }

    @Test("tells after the first step what the core could not hear before")
    func news() {
        var talk = HostTalk()
        talk.step(.begin)
        #expect(talk.hear(.failed("busy")) == ["gate: note: failed (busy)"])
        #expect(
            talk.step(.stepped) == [
                "tell: web not in place", "tell: mail not in place", "addresses: 1: survey",
            ]
        )
        #expect(talk.hear(.notFound(.descriptors)) == ["gate: find by pins"])
    }

    // MARK: - Tenures that go on

    @Test("renews first, then looks for the gate, and asks about addresses once renewed")
    func renewal() {
        var talk = HostTalk(tenures: (web, 0.4))
        #expect(talk.step(.begin) == [])
        // The first step: all of its frames are on their way by its end.
        #expect(talk.write(web, until: 10.4) == [])
        #expect(talk.step(.stepped) == ["gate: find by descriptors", "tell: mail not in place"])
        #expect(
            talk.hear(.found(.descriptors, [occupant(7, web)])).contains("gate: close all but 7")
        )
        #expect(talk.add(web, request: 1) == [])
        // The answers have come: page, gate, and only after the step the kernel.
        #expect(talk.write(web, until: 10.5) == [])
        #expect(
            talk.open(web, until: 10.5)
                == ["gate: open slot 7 until 10.5 s", "permit 0 until 10.5 s"]
        )
        #expect(talk.step(.stepped) == ["addresses: 1: survey"])
        #expect(
            talk.answerSurvey() == [
                "addresses: place 0 on 3", "addresses: place 1 on 3",
                "addresses: 2: add 10.77.0.100 on 3 for 10 s",
                "tell: web interface up", "tell: mail interface up",
            ]
        )
    }

    @Test("waits for every tenure, and not for one that is let go of")
    func everyTenure() {
        var talk = HostTalk(tenures: (web, 0.4), (mail, 0.4))
        talk.step(.begin)
        talk.step(.stepped)
        talk.write(web, until: 10.5)
        #expect(talk.step(.stepped) == [])
        talk.step(.effect(.writeRecord(GroupRecord(group: mail))))
        #expect(talk.step(.stepped) == ["addresses: 1: survey"])
    }

    @Test("waits 20 ms for answers, or a heartbeat that is shorter")
    func unanswered() {
        for (heartbeat, wait) in [(Duration.milliseconds(100), 0.02), (.milliseconds(5), 0.005)] {
            var talk = HostTalk(heartbeat: heartbeat, tenures: (web, 0.4))
            talk.step(.begin)
            talk.step(.stepped)
            #expect(talk.host.dueAt(now: talk.now) == .seconds(10 + wait))
            #expect(talk.pass(wait - 0.001) == [])
            #expect(talk.pass(0.001) == ["addresses: 1: survey"])
        }
    }

    @Test("goes on without an answer of the kernel after 100 ms")
    func silentKernel() {
        var talk = HostTalk()
        talk.step(.begin)
        talk.pass(1)
        talk.step(.stepped)
        talk.pass(0.099)
        #expect(!talk.host.hasStarted)
        talk.pass(0.001)
        #expect(talk.host.hasStarted)
    }

    @Test("renews lifetimes by turns unless the core was made to rely on them")
    func turns() {
        for (fallback, lifetime) in [(Enforcement?.none, 20), (.lifetimes, 10)] {
            var talk = HostTalk(fallback: fallback, renewedAtOnce: 1, tenures: (web, 0.4))
            talk.step(.begin)
            talk.step(.stepped)
            // By now it is known that there is one, and the core was told otherwise.
            talk.hear(.found(.descriptors, [occupant(7, web)]))
            talk.hear(.attachments([.whole()]))
            #expect(talk.host.gate.enforcement(of: web) == .gate)
            talk.write(web, until: 10.5)
            talk.step(.stepped)
            talk.answerSurvey()
            #expect(
                talk.add(web, request: 1)
                    == ["addresses: 2: add 10.77.0.100 on 3 for \(lifetime) s"]
            )
        }
    }
}

@Suite("A host that serves")
struct HostEffectTests {
    /// One that has started, with a gate that sits.
    private func begun() -> HostTalk {
        var talk = HostTalk()
        talk.step(.begin)
        talk.hear(.notFound(.descriptors))
        talk.hear(.notFound(.pins))
        talk.hear(.loaded)
        talk.hear(.attachments([.whole()]))
        talk.step(.stepped)
        talk.answerSurvey()
        return talk
    }

    @Test("lets announcements leave once the gate is open, and stops them before it is closed")
    func order() {
        var talk = begun()
        #expect(
            talk.open(mail, until: 10.5)
                == ["gate: open slot 2 until 10.5 s", "permit 1 until 10.5 s"]
        )
        #expect(talk.close(mail) == ["forbid 1", "gate: close slot 2"])
    }

    @Test("tells of closed gates after the step that closed them, once, before anything else")
    func closed() {
        var talk = begun()
        talk.close(web)
        talk.close(mail)
        #expect(talk.step(.stepped) == ["tell next: gates closed"])
        #expect(talk.step(.stepped) == [])
    }

    @Test("tells of no closed gate before the gate is found, and then once")
    func notFoundYet() {
        var talk = HostTalk(tenures: (web, 0.4))
        talk.step(.begin)
        talk.close(web)
        #expect(!talk.step(.stepped).contains("tell next: gates closed"))
        #expect(talk.hear(.found(.descriptors, [])).last == "tell: gates closed")
        #expect(talk.step(.stepped) == [])
    }

    @Test("takes its gate away when the core ends")
    func exit() {
        var talk = begun()
        #expect(talk.step(.effect(.exit)) == ["gate: close all", "gate: take away"])
    }

    @Test("asks in the order of the core's effects")
    func requests() {
        var talk = begun()
        #expect(
            talk.add(web, request: 1)
                == ["addresses: 2: add 10.77.0.100 on 3 for 10 s"]
        )
        #expect(
            talk.step(.effect(.removeAddresses(web, request: 2)))
                == ["addresses: 3: remove 10.77.0.100 on 3"]
        )
        #expect(talk.step(.effect(.announce(web))) == ["addresses: announce 0"])
    }
}
