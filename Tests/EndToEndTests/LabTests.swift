import Glibc
import Testing
import VIPLab

extension EndToEnd {
    /// A checker that never fails is no checker. Here everything goes wrong on purpose, by hand and
    /// without any agent, and the lab has to see it.
    @Suite("The lab")
    struct LabTests {
        let address = "10.77.0.100"

        @Test("one owner is no double owner, and loses no question")
        func oneOwner() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.giveAddress(address, to: .lb1)
            let watch = try OwnerWatch(in: lab)
            let probe = try UDPProbe(in: lab)
            #expect(probe.waitForService(by: .now + .seconds(2)))

            let begin = Moment.now
            sleep(for: .milliseconds(500))
            let report = probe.report(since: begin, until: begin + .milliseconds(500))
            let owners = watch.report(since: begin, until: begin + .milliseconds(500))

            #expect(report.lost == 0)
            #expect(report.outage == .zero)
            #expect(report.owners == [.lb1])
            #expect(report.questions > 250)
            #expect(owners.answersFromTwoAtOnce == 0)
            #expect(owners.resolution.owners == [.lb1])
            #expect(owners.resolution.lost == 0)
            #expect(owners.ip.owners == [.lb1])
        }

        @Test("an address on both nodes is reported, by ARP and by IP")
        func doubleOwner() throws {
            let lab = try Lab()
            defer { lab.close() }
            let watch = try OwnerWatch(in: lab)
            try lab.giveAddress(address, to: .lb1)
            sleep(for: .milliseconds(300))
            let begin = try lab.giveAddress(address, to: .lb2)
            sleep(for: .milliseconds(300))

            let report = watch.report(since: begin)
            #expect(report.resolution.answersFromTwoAtOnce.count > 20)
            #expect(report.ip.answersFromTwoAtOnce.count > 20)
            #expect(report.answersFromTwoAtOnce > 40)
        }

        @Test("two owners for 20 ms are reported")
        func doubleOwnerForAMoment() throws {
            let lab = try Lab()
            defer { lab.close() }
            let watch = try OwnerWatch(in: lab)
            try lab.giveAddress(address, to: .lb1)
            sleep(for: .milliseconds(100))
            let begin = try lab.giveAddress(address, to: .lb2)
            sleep(for: .milliseconds(20))
            try lab.takeAddress(address, from: .lb1)
            sleep(for: .milliseconds(300))

            let report = watch.report(since: begin)
            #expect(report.resolution.answersFromTwoAtOnce.count > 2)
            #expect(report.ip.answersFromTwoAtOnce.count > 2)
        }

        @Test("two IPv6 owners are reported")
        func doubleOwnerOfIPv6() throws {
            let lab = try Lab()
            defer { lab.close() }
            let watch = try OwnerWatch(in: lab, address: "fd77::64")
            try lab.giveAddress("fd77::64", to: .lb1)
            let single = Moment.now
            sleep(for: .milliseconds(200))
            let begin = try lab.giveAddress("fd77::64", to: .lb2)
            sleep(for: .milliseconds(200))

            #expect(watch.report(since: single, until: begin).answersFromTwoAtOnce == 0)
            #expect(watch.report(since: begin).ip.answersFromTwoAtOnce.count > 20)
        }

        @Test("a client that is thrown to and fro between two owners is reported")
        func clientBetweenTwoOwners() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.giveAddress(address, to: .lb1)
            try lab.giveAddress(address, to: .lb2)
            let probe = try UDPProbe(in: lab)
            #expect(probe.waitForService(by: .now + .seconds(2)))
            let begin = Moment.now
            for _ in 1...3 {
                try lab.announce(address, from: .lb1)
                try lab.announce(address, from: .lb2)
            }

            let report = probe.report(since: begin)
            #expect(!report.answersFromTwoAtOnce.isEmpty)
            #expect(report.changesOfOwner >= 3)
        }

        @Test("a move by hand is measured: an outage, one change of owner, an announcement")
        func move() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.giveAddress(address, to: .lb1)
            let watch = try OwnerWatch(in: lab)
            let probe = try UDPProbe(in: lab)
            #expect(probe.waitForService(by: .now + .seconds(2)))

            let begin = try lab.crash(.lb1)
            sleep(for: .milliseconds(300))
            try lab.giveAddress(address, to: .lb2)
            try lab.announce(address, from: .lb2)
            #expect(probe.waitForService(by: .now + .seconds(2)))
            let end = Moment.now

            let report = probe.report(since: begin, until: end)
            #expect(report.owners.last == .lb2)
            #expect(report.changesOfOwner <= 1)
            #expect(report.lost > 200)
            #expect(report.outage > .milliseconds(300))
            #expect(report.outage < .milliseconds(800))
            #expect(report.longestGap.isOver)
            #expect(report.answersFromTwoAtOnce.isEmpty)
            let owners = watch.report(since: begin, until: end)
            #expect(owners.answersFromTwoAtOnce == 0)
            #expect(owners.announcements.map(\.host).contains(.lb2))
        }

        @Test("a partition of the pair lets the witness and the clients through")
        func partition() throws {
            let lab = try Lab()
            defer { lab.close() }
            #expect(try lab.reaches(.lb1, .lb2))
            try lab.applyFaults { $0.partition(.lb1, from: .lb2) }
            #expect(try !lab.reaches(.lb1, .lb2))
            #expect(try !lab.reaches(.lb2, .lb1))
            #expect(try lab.reaches(.lb1, .w1))
            #expect(try lab.reaches(.lb2, .w1))
            #expect(try lab.reaches(.client, .lb1))
            try lab.heal()
            #expect(try lab.reaches(.lb1, .lb2))
        }

        @Test("an isolated host reaches nobody, and its carrier stays")
        func isolation() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.applyFaults { $0.isolate(.lb1) }
            for other in [Host.lb2, .w1, .client] {
                #expect(try !lab.reaches(.lb1, other))
            }
            #expect(try lab.reaches(.lb2, .w1))
            #expect(try lab.hasCarrier(.lb1))
        }

        @Test("a host whose cable is pulled out has no carrier until it is plugged in")
        func cable() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.cut(.lb1)
            #expect(try !lab.hasCarrier(.lb1))
            #expect(try !lab.reaches(.lb1, .lb2))
            try lab.plug(.lb1)
            #expect(try lab.hasCarrier(.lb1))
            // The switch takes a second or so to notice, as its kernel batches such news.
            #expect(try (1...40).contains { _ in try lab.reaches(.lb1, .lb2) })
        }

        @Test("a fault of the first network leaves the second one alone")
        func secondNetwork() throws {
            let lab = try Lab(LabOptions(hasSecondNetwork: true))
            defer { lab.close() }
            try lab.applyFaults { $0.isolate(.lb1, on: [.first]) }
            #expect(try !lab.reaches(.lb1, .lb2))
            #expect(try lab.reaches(.lb1, .lb2, on: .second))
            try lab.cut(.lb2, on: [.second])
            #expect(try !lab.reaches(.lb1, .lb2, on: .second))
            #expect(try lab.reaches(.lb2, .w1))
        }

        @Test("heartbeats are lost one way, at the rate asked for, and nothing else is lost")
        func loss() throws {
            let lab = try Lab()
            defer { lab.close() }
            let voters = try Heartbeats(in: lab, from: .lb1, to: .lb2, port: 7694)
            let others = try Heartbeats(in: lab, from: .lb1, to: .lb2, port: 7695)
            let back = try Heartbeats(in: lab, from: .lb2, to: .lb1, port: 7694)

            #expect(voters.arrived(of: 500) == 500)
            try lab.applyFaults { $0.loseVoterFrames(percent: 20) }
            // 200 of 1,000 are lost on average; six standard deviations are 76.
            #expect((724...876).contains(voters.arrived(of: 1000)))
            #expect(others.arrived(of: 500) == 500)
            try lab.heal()
            try lab.applyFaults { $0.block(from: .lb1, to: .lb2) }
            #expect(voters.arrived(of: 50) == 0)
            #expect(back.arrived(of: 50) == 50)
        }

        @Test("an address that goes and comes back is reported, however briefly")
        func addressMonitor() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.giveAddress(address, to: .lb1)
            let monitor = try AddressMonitor(in: lab, on: .lb1)
            let begin = Moment.now
            #expect(monitor.changes(of: address, since: begin).isEmpty)
            try lab.takeAddress(address, from: .lb1)
            try lab.giveAddress(address, to: .lb1)
            #expect(monitor.changes(of: address, since: begin).map(\.kind) == [.removed, .added])
            #expect(try lab.holders(of: address) == [.lb1])
        }

        @Test("a web server at the address is measured too")
        func web() throws {
            let lab = try Lab()
            defer { lab.close() }
            let servers = [try WebServer(in: lab, on: .lb1), try WebServer(in: lab, on: .lb2)]
            try lab.giveAddress(address, to: .lb1)
            let probe = try HTTPProbe(in: lab)
            let begin = Moment.now
            sleep(for: .milliseconds(500))
            try lab.takeAddress(address, from: .lb1)
            let middle = Moment.now
            sleep(for: .milliseconds(200))
            try lab.giveAddress(address, to: .lb2)
            try lab.announce(address, from: .lb2)
            sleep(for: .milliseconds(500))

            let before = probe.report(
                since: begin + .milliseconds(50),
                until: begin + .milliseconds(450)
            )
            #expect(before.lost == 0)
            #expect(before.owners == [.lb1])
            let after = probe.report(since: middle)
            #expect(after.owners == [.lb2])
            #expect(after.lost > 3)
            #expect(after.outage > .milliseconds(200))
            for server in servers { server.end() }
        }

        @Test("nothing is left of a lab that was closed")
        func cleaning() throws {
            let lab = try Lab()
            let namespace = lab.namespace(of: .lb1)
            _ = try WebServer(in: lab, on: .lb1)
            #expect(unsafe access(namespace.path, F_OK) == 0)
            #expect(unsafe access(lab.directory, F_OK) == 0)
            lab.close()
            #expect(unsafe access(namespace.path, F_OK) != 0)
            #expect(unsafe access(lab.directory, F_OK) != 0)
        }
    }
}
