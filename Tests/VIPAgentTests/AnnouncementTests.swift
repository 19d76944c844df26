import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Announcement permit")
struct AnnouncementPermitTests {
    private static func permit(openFor span: Int64) -> AnnouncementPermit {
        let permit = AnnouncementPermit(addresses: [.v4(0x0a4d_0064)])
        let now = ClockReading.bootNow()
        permit.bind(to: 7)
        permit.open(until: now + span, at: now)
        return permit
    }

    @Test("lets a frame leave while it is open, on the interface of the group")
    func open() {
        let permit = Self.permit(openFor: 1_000_000_000)
        #expect(permit.send { interface in interface } == 7)
    }

    @Test("lets nothing leave once it is closed, or its time is over, or before it is opened")
    func closed() {
        let permit = Self.permit(openFor: 1_000_000_000)
        permit.close()
        #expect(permit.send { _ in true } == nil)
        #expect(Self.permit(openFor: 0).send { _ in true } == nil)
        #expect(AnnouncementPermit(addresses: []).send { _ in true } == nil)
    }

    @Test("is seen to have a frame under way, also by who closes it then")
    func underWay() {
        let permit = Self.permit(openFor: 1_000_000_000)
        #expect(!permit.isFrameUnderWay)
        let seen = permit.send { _ in
            permit.close()
            return permit.isFrameUnderWay
        }
        #expect(seen == true)
        #expect(!permit.isFrameUnderWay)
    }

    @Test("is the same opening while it is extended, and another after a break")
    func openings() {
        let permit = AnnouncementPermit(addresses: [])
        permit.open(until: 200, at: 100)
        permit.open(until: 300, at: 150)
        #expect(permit.openedAt == 100)
        permit.open(until: 500, at: 400)
        #expect(permit.openedAt == 400)
        permit.close()
        permit.open(until: 700, at: 450)
        #expect(permit.openedAt == 450)
    }
}

@Suite("Announcement worker", .enabled(if: isRoot, "network namespaces take root"))
struct AnnouncementWorkerTests {
    private static let first: UInt32 = 0x0a4d_0100

    private static func addresses(_ count: UInt32) -> [IPAddress] {
        (0..<count).map { .v4(first + $0) }
    }

    /// Its announcements on the wire, from the other end.
    private struct Stage {
        let permit: AnnouncementPermit
        let worker: AnnouncementWorker
        let wire: Wire

        init(_ addresses: [IPAddress], openFor span: Int64 = 60_000_000_000) throws {
            let links = try RouteSocket().links()
            let near = try #require(links.first { $0.name == "v0" })
            wire = Wire(on: try #require(links.first { $0.name == "v1" }).index)
            permit = AnnouncementPermit(addresses: addresses)
            permit.bind(to: near.index)
            worker = try AnnouncementWorker([permit], with: Announcer())
            let now = ClockReading.bootNow()
            permit.open(until: now + span, at: now)
        }

        /// Sender and operation of ARP packets, until there has been none for a while.
        func packets(quietFor milliseconds: Int32 = 200) throws -> [ARPPacket] {
            var packets: [ARPPacket] = []
            while let frame = wire.next(within: milliseconds) {
                guard try EthernetHeader(parsing: frame.span).type == .arp else { continue }
                packets.append(try ARPPacket(parsing: Array(frame.dropFirst(14)).span))
            }
            return packets
        }
    }

    @Test("every address is announced by one frame before any is by its second")
    func passes() throws {
        try inNetworkNamespace {
            let stage = try Stage(Self.addresses(200))
            stage.worker.ask(0)
            let packets = try stage.packets()
            let senders = (0..<200 as Range<UInt32>).map { Self.first + $0 }
            #expect(packets.map(\.senderIP.bits) == senders + senders)
            #expect(packets.prefix(200).allSatisfy { $0.operation == .request })
            #expect(packets.suffix(200).allSatisfy { $0.operation == .reply })
            #expect(stage.worker.sent == 400)
        }
    }

    @Test("a first round takes a millisecond for 32 frames at least, a later one for 8")
    func pace() throws {
        try inNetworkNamespace {
            let stage = try Stage(Self.addresses(160))
            for (frames, least) in [(320, 9_000_000), (640, 39_000_000)] as [(UInt64, Int64)] {
                let begin = ClockReading.bootNow()
                stage.worker.ask(0)
                #expect(wait { stage.worker.sent >= frames })
                #expect(stage.worker.sent == frames)
                #expect(ClockReading.bootNow() - begin >= least)
            }
        }
    }

    @Test("rounds that are asked for while one is under way are one more")
    func joined() throws {
        try inNetworkNamespace {
            let stage = try Stage(Self.addresses(500))
            stage.worker.ask(0)
            usleep(5000)
            for _ in 0..<5 {
                stage.worker.ask(0)
                usleep(1000)
            }
            #expect(wait { stage.worker.sent >= 2000 })
            usleep(100_000)
            #expect(stage.worker.sent == 2000)
        }
    }

    @Test("once the permit is closed, and no frame is under way, none leaves any more")
    func closed() throws {
        try inNetworkNamespace {
            for _ in 0..<20 {
                let stage = try Stage(Self.addresses(1000))
                stage.worker.ask(0)
                _ = stage.wire.next(within: 1000)
                usleep(.random(in: 0...3000))
                stage.permit.close()
                while stage.permit.isFrameUnderWay {}
                // A veth pair hands frames over at once: what is not there now has not left before.
                usleep(2000)
                while stage.wire.next(within: 0) != nil {}
                #expect(try stage.packets(quietFor: 30).isEmpty)
                #expect(stage.worker.sent < 2000)
                #expect(waitReadable(stage.worker.fileDescriptor, seconds: 1))
                #expect(stage.worker.takeReports() == [.silent(group: 0)])
            }
        }
    }

    @Test("past its deadline nothing leaves, though nobody has closed the permit")
    func expired() throws {
        try inNetworkNamespace {
            let stage = try Stage(Self.addresses(1000), openFor: 5_000_000)
            stage.worker.ask(0)
            #expect(waitReadable(stage.worker.fileDescriptor))
            #expect((1..<1000).contains(stage.worker.sent))
        }
    }

    @Test("what could not be sent does not count, and is sent when that is possible again")
    func repeated() throws {
        try inNetworkNamespace {
            let stage = try Stage(Self.addresses(10))
            #expect(run("ip", "link", "set", "v0", "down") == 0)
            stage.worker.ask(0)
            #expect(waitReadable(stage.worker.fileDescriptor))
            guard case .failed(group: 0, let failure) = stage.worker.takeReports().first else {
                Issue.record("nothing was reported")
                return
            }
            #expect(failure.errno == ENETDOWN)
            #expect(stage.worker.sent == 0)
            #expect(run("ip", "link", "set", "v0", "up") == 0)
            let packets = try stage.packets(quietFor: 1500)
            #expect(packets.count == 20)
            #expect(stage.worker.sent == 20)
        }
    }

    @Test("the answer to a claim goes before what is left of a round")
    func answer() throws {
        try inNetworkNamespace {
            let stage = try Stage(Self.addresses(500))
            stage.worker.ask(0)
            _ = try stage.packets()
            // A later round is slow.
            stage.worker.ask(0)
            _ = stage.wire.next(within: 1000)
            stage.worker.answer(0, 499)
            let packets = try stage.packets()
            let place = packets.firstIndex { $0.senderIP.bits == Self.first + 499 }
            #expect(try #require(place) < 60)
            #expect(packets.count == 1000 + 2 - 1)
        }
    }
}
