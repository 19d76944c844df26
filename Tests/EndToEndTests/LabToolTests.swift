import Glibc
import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// What the lab sees of neighbors, connections and processes, without any agent.
    @Suite("The lab's tools")
    struct LabToolTests {
        let address = "10.77.0.100"
        let ipv6Address = "fd77::64"

        @Test("one IPv6 owner answers every solicitation, and is no double owner")
        func oneNeighbor() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.giveAddress(ipv6Address, to: .lb1)
            let watch = try OwnerWatch(in: lab, address: ipv6Address)
            sleep(for: .milliseconds(100))
            let begin = Moment.now
            sleep(for: .milliseconds(500))
            let report = watch.report(since: begin, until: begin + .milliseconds(500))
            #expect(report.resolution.owners == [.lb1])
            #expect(report.resolution.lost == 0)
            #expect(report.resolution.questions > 100)
            #expect(report.answersFromTwoAtOnce == 0)
            #expect(report.answers(by: .lb1, since: begin) > 200)
            #expect(report.answers(by: .lb2, since: begin) == 0)
            #expect(report.answers(by: .lb1, since: begin + .milliseconds(500)) == 0)
        }

        @Test("two IPv6 owners for 20 ms are reported by their advertisements")
        func twoNeighbors() throws {
            let lab = try Lab()
            defer { lab.close() }
            let watch = try OwnerWatch(in: lab, address: ipv6Address)
            try lab.giveAddress(ipv6Address, to: .lb1)
            sleep(for: .milliseconds(100))
            let begin = try lab.giveAddress(ipv6Address, to: .lb2)
            sleep(for: .milliseconds(20))
            try lab.takeAddress(ipv6Address, from: .lb1)
            sleep(for: .milliseconds(300))

            let report = watch.report(since: begin)
            #expect(report.resolution.answersFromTwoAtOnce.count > 2)
            #expect(report.ip.answersFromTwoAtOnce.count > 2)
        }

        @Test("a transfer runs on while the address stays, and is reset when another host has it")
        func transfer() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.giveAddress(address, to: .lb1)
            let probe = try TransferProbe(in: lab)
            #expect(probe.waitForTransfer(by: .now + .seconds(2)))
            sleep(for: .milliseconds(500))
            let before = probe.report
            #expect(before.octets > 400_000)
            #expect(before.connections == 1)
            #expect(before.resets == 0)
            #expect(before.wrongOctets == 0)

            try lab.takeAddress(address, from: .lb1)
            sleep(for: .milliseconds(300))
            #expect(probe.report.longestStall > .milliseconds(250))
            try lab.giveAddress(address, to: .lb2)
            try lab.announce(address, from: .lb2)
            let deadline = Moment.now + .seconds(3)
            while probe.report.resets == 0, Moment.now < deadline { sleep(for: .milliseconds(10)) }
            #expect(probe.report.resets == 1)
            #expect(probe.waitForTransfer(by: .now + .seconds(2)))
            #expect(probe.report.connections == 2)
        }

        @Test("a supervisor starts a process again at once, every time, until it is told not to")
        func supervisor() throws {
            let lab = try Lab()
            defer { lab.close() }
            let supervisor = try lab.supervise(lab.setup(of: .w1))
            for number in 1...20 {
                supervisor.kill()
                #expect(supervisor.waitForRestarts(number, until: .now + .seconds(2)))
                sleep(for: .milliseconds(20))
            }
            let restarts = supervisor.restarts
            #expect(restarts.count == 20)
            #expect(restarts.allSatisfy { $0.status == .signalled(SIGKILL) })
            // Each runs after the death of the one before, and before its own.
            let order = restarts.flatMap { [$0.ended, $0.started] }
            #expect(order == order.sorted())

            let deadline = Moment.now + .seconds(5)
            while supervisor.timesReady == 0, Moment.now < deadline { sleep(for: .milliseconds(5)) }
            #expect(supervisor.timesReady > 0)
            try lab.waitForStatus(of: .w1, "I am up") { $0.role == .witness }

            supervisor.restart(false)
            let last = try #require(supervisor.process)
            last.killAndWait()
            sleep(for: .milliseconds(100))
            #expect(supervisor.process == nil)
            #expect(supervisor.restarts.count == 20)
        }

        @Test("the kernel's lifetime of an address is read, and a deleted qdisc is gone")
        func kernel() throws {
            let lab = try Lab()
            defer { lab.close() }
            #expect(try lab.lifetime(of: address, on: .lb1) == nil)
            try lab.giveAddress(address, to: .lb1)
            #expect(try lab.lifetime(of: address, on: .lb1) == .max)
            try lab.tc(.lb1, "qdisc add dev eth0 clsact")
            try lab.addForeignFilter(.lb1, "egress", priority: 7)
            #expect(try lab.filters(.lb1, "egress").contains("bpf"))
            try lab.deleteFilters(.lb1, "egress")
            #expect(try lab.filters(.lb1, "egress").isEmpty)
            try lab.deleteQdisc(.lb1)
            #expect(throws: LabError.self) { try lab.deleteQdisc(.lb1) }
        }
    }
}
