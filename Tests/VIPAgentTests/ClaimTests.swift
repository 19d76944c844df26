import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Address claim")
struct AddressClaimTests {
    /// Of 10.77.0.100 at 02:00:00:00:00:c1.
    static let arp: [UInt8] = [
        0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0, 0, 0, 0, 0xc1, 10, 77, 0, 100,
        0, 0, 0, 0, 0, 0, 10, 77, 0, 1,
    ]
    static let stranger = MACAddress(bits: 0x0200_0000_00c1)
    static let client = IPv6Address(high: 0xfd77_0000_0000_0000, low: 0x65)
    static let floating6 = IPAddress.v6(high: 0xfd77_0000_0000_0000, low: 0x64)

    /// A message of Neighbor Discovery about fd77::64, with a right checksum.
    static func discovery(
        _ type: UInt8,
        source: [UInt8],
        option: UInt8? = nil
    ) -> [UInt8] {
        let target: [UInt8] = [0xfd, 0x77] + Array(repeating: 0, count: 13) + [0x64]
        let destination: [UInt8] = [0xff, 0x02] + Array(repeating: 0, count: 13) + [0x01]
        var message = [type, 0, 0, 0, 0x20, 0, 0, 0] + target
        if let option { message += [option, 1, 0x02, 0, 0, 0, 0, 0xc1] }
        let pseudo = source + destination + [0, 0, 0, UInt8(message.count), 0, 0, 0, 58]
        var sum: UInt32 = 0
        let summed = pseudo + message
        for index in stride(from: 0, to: summed.count, by: 2) {
            sum += UInt32(summed[index]) << 8 | UInt32(summed[index + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        let checksum = ~UInt16(sum)
        message[2] = UInt8(checksum >> 8)
        message[3] = UInt8(checksum & 0xff)
        return [0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255] + source + destination + message
    }

    static let nobody = [UInt8](repeating: 0, count: 16)
    static let floatingOctets: [UInt8] =
        [0xfd, 0x77] + Array(repeating: 0, count: 13) + [0x64]

    @Test("the sender of an ARP packet claims its address, whatever the packet asks for")
    func sender() throws {
        let claim = try AddressClaim(arp: Self.arp.span)
        #expect(claim == AddressClaim(address: .v4(0x0a4d_0064), mac: Self.stranger))
    }

    @Test("a probe, which has no sender, claims nothing")
    func probe() throws {
        var octets = Self.arp
        octets.replaceSubrange(14..<18, with: [0, 0, 0, 0])
        #expect(try AddressClaim(arp: octets.span) == nil)
    }

    /// The ICMPv6 message alone.
    private static func message(_ type: UInt8, option: UInt8? = nil) -> [UInt8] {
        Array(discovery(type, source: floatingOctets, option: option).dropFirst(40))
    }

    @Test("an advertisement claims its target, for the MAC address that it names")
    func advertisement() throws {
        let octets = Self.message(136, option: 2)
        let claim = try AddressClaim(neighborDiscovery: octets.span, from: Self.client)
        #expect(claim == AddressClaim(address: Self.floating6, mac: Self.stranger))
    }

    @Test("what names no MAC address claims nothing: nobody learns from it")
    func withoutOption() throws {
        for octets in [Self.message(136), Self.message(136, option: 1), Self.message(135)] {
            #expect(try AddressClaim(neighborDiscovery: octets.span, from: Self.client) == nil)
        }
    }

    @Test("a solicitation claims its source")
    func solicitation() throws {
        let octets = Self.message(135, option: 1)
        let claim = try AddressClaim(neighborDiscovery: octets.span, from: Self.client)
        #expect(
            claim
                == AddressClaim(
                    address: .v6(high: 0xfd77_0000_0000_0000, low: 0x65),
                    mac: Self.stranger
                )
        )
    }

    @Test("every truncation is refused, and none traps", arguments: Array(0..<24) + Array(25..<32))
    func truncation(length: Int) {
        let octets = Array(Self.message(136, option: 2).prefix(length))
        #expect(throws: PacketError.self) {
            try AddressClaim(neighborDiscovery: octets.span, from: Self.client)
        }
    }

    @Test("an option of no length is refused, and not read for ever")
    func endless() {
        var octets = Self.message(136, option: 2)
        octets[25] = 0
        #expect(throws: PacketError.unsupported(.optionLength, 0)) {
            try AddressClaim(neighborDiscovery: octets.span, from: Self.client)
        }
    }
}

@Suite("Claim watch", .enabled(if: isRoot, "network namespaces take root"))
struct ClaimWatchTests {
    private static let floating = IPAddress.v4(0x0a4d_0064)

    /// A host that has owned both addresses for two seconds, on v0; strangers send from v1.
    private final class Stage {
        let near: Link
        let far: Link
        let permit: AnnouncementPermit
        let worker: AnnouncementWorker
        let watch: ClaimWatch
        let wire: Wire

        init(openedBefore age: Int64 = 2_000_000_000) throws {
            let links = try RouteSocket().links()
            near = try #require(links.first { $0.name == "v0" })
            far = try #require(links.first { $0.name == "v1" })
            wire = Wire(on: far.index)
            permit = AnnouncementPermit(addresses: [floating, AddressClaimTests.floating6])
            permit.bind(to: near.index)
            let now = ClockReading.bootNow()
            permit.open(until: now + 60_000_000_000, at: now - age)
            let announcer = try Announcer()
            worker = try AnnouncementWorker([permit], with: announcer)
            watch = try ClaimWatch([permit], answering: worker, at: announcer)
        }

        func send(_ payload: [UInt8], type: UInt16, from mac: MACAddress) {
            let source = stride(from: 40, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: mac.bits >> UInt64($0))
            }
            let header = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] + source
            wire.send(header + [UInt8(type >> 8), UInt8(type & 0xff)] + payload)
        }

        func claim(by mac: MACAddress = AddressClaimTests.stranger) {
            var octets = AddressClaimTests.arp
            for index in 0..<6 {
                octets[8 + index] = UInt8(truncatingIfNeeded: mac.bits >> UInt64(40 - 8 * index))
            }
            send(octets, type: 0x0806, from: mac)
        }

        /// What was found within so many milliseconds.
        func findings(within milliseconds: Int32 = 400) -> [ClaimWatch.Finding: Int] {
            var found: [ClaimWatch.Finding: Int] = [:]
            let end = ClockReading.bootNow() + Int64(milliseconds) * 1_000_000
            while ClockReading.bootNow() < end {
                usleep(5000)
                for report in watch.takeReports() {
                    found.merge(report.findings) { $0 + $1 }
                }
            }
            return found
        }

        /// Both ends of the cable are in one host, and its ears are at each. An answer that comes
        /// out at the far end is no claim there, and yet one frame more that may find no room.
        func keepAnswersOut() throws {
            try require("tc qdisc add dev v1 clsact")
            // TC_ACT_SHOT, whatever it is.
            let drop = "tc filter add dev v1 ingress protocol all bpf direct-action bytecode"
            #expect(run(drop, "1,6 0 0 2,") == 0)
        }

        func finding(_ address: IPAddress) -> ClaimWatch.Finding {
            ClaimWatch.Finding(
                group: 0,
                address: address,
                mac: AddressClaimTests.stranger,
                interface: near.index
            )
        }
    }

    @Test("a stranger's claim is told, and answered at once by an announcement")
    func arp() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            stage.claim()
            #expect(stage.findings() == [stage.finding(Self.floating): 1])
            #expect(stage.worker.sent == 2)
        }
    }

    @Test("of IPv6, advertisements of the address are claims, and whatever else comes from it")
    func neighborDiscovery() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            func send(_ type: UInt8, from source: [UInt8], option: UInt8?) {
                stage.send(
                    AddressClaimTests.discovery(type, source: source, option: option),
                    type: 0x86dd,
                    from: AddressClaimTests.stranger
                )
            }
            // A client's question, and duplicate address detection, which the kernel answers.
            var client = AddressClaimTests.floatingOctets
            client[15] = 0x65
            send(135, from: client, option: 1)
            send(135, from: AddressClaimTests.nobody, option: nil)
            #expect(stage.findings().isEmpty)

            send(136, from: AddressClaimTests.floatingOctets, option: 2)
            send(135, from: AddressClaimTests.floatingOctets, option: 1)
            #expect(stage.findings() == [stage.finding(AddressClaimTests.floating6): 2])
            #expect(stage.worker.sent == 1)
        }
    }

    @Test("a frame of any interface of this host is no claim, though it comes in")
    func own() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            stage.claim(by: try #require(stage.near.mac))
            stage.claim(by: try #require(stage.far.mac))
            #expect(stage.findings().isEmpty)
            // One that was made a moment ago, too.
            #expect(run("ip", "link", "set", "v1", "address", "02:00:00:00:00:c1") == 0)
            stage.claim()
            #expect(stage.findings().isEmpty)
            #expect(stage.worker.sent == 0)
        }
    }

    @Test("a stranger's claim is one, though its frame names this host as its sender")
    func disguised() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            stage.send(AddressClaimTests.arp, type: 0x0806, from: try #require(stage.near.mac))
            #expect(stage.findings() == [stage.finding(Self.floating): 1])
        }
    }

    @Test("nothing is a claim in the first second, nor once the addresses are let go")
    func notOwned() throws {
        try inNetworkNamespace {
            let young = try Stage(openedBefore: 0)
            young.claim()
            #expect(young.findings().isEmpty)
            let closed = try Stage()
            closed.permit.close()
            closed.claim()
            #expect(closed.findings().isEmpty)
        }
    }

    @Test("a claim on another interface is of another network")
    func elsewhere() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            stage.permit.bind(to: 1)
            stage.claim()
            #expect(stage.findings().isEmpty)
        }
    }

    /// Two for each answer, and one answer for each second that has begun.
    private static func mostFrames(since begin: Int64) -> UInt64 {
        2 * UInt64(1 + (ClockReading.bootNow() - begin) / 1_000_000_000)
    }

    @Test("many claims are counted, and answered at once, a second later, and no more")
    func storm() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            let begin = ClockReading.bootNow()
            for _ in 0..<40 {
                stage.claim()
                usleep(10_000)
            }
            #expect((2...Self.mostFrames(since: begin)).contains(stage.worker.sent))
            #expect(wait { stage.worker.sent >= 4 })
            #expect(stage.findings(within: 1000) == [stage.finding(Self.floating): 40])
            #expect((4...Self.mostFrames(since: begin)).contains(stage.worker.sent))
        }
    }

    /// It lasts longer than the pause between two answers, so that one leaves while there is no
    /// room for what comes in.
    @Test("of a flood that nobody can read, the rest is dropped and counted")
    func flood() throws {
        try inNetworkNamespace {
            let stage = try Stage()
            try stage.keepAnswersOut()
            let begin = ClockReading.bootNow()
            var sent = 0
            while ClockReading.bootNow() < begin + 1_200_000_000 {
                for _ in 0..<200 { stage.claim() }
                sent += 200
                usleep(1000)
            }
            var counted = 0
            var unseen = 0
            #expect(
                wait {
                    for report in stage.watch.takeReports() {
                        counted += report.findings.values.reduce(report.others, +)
                        unseen += report.unseen
                    }
                    return counted + unseen >= sent
                }
            )
            #expect(counted + unseen == sent)
            #expect(unseen > 0)
            #expect(wait { stage.worker.sent >= 4 })
            #expect(stage.worker.sent <= Self.mostFrames(since: begin))
        }
    }
}
