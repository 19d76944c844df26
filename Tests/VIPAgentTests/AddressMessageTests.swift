import Testing
import VIPNet
import VIPPlatform

/// Octets as the kernel's headers have them, not as the library does: libnl-route knows better now
/// and then what a caller may have meant.
@Suite("A message about an address")
struct AddressMessageTests {
    private typealias Octets = NetlinkOctets

    private static let (ipv4, ipv6): (Int32, Int32) = (2, 10)
    private static let four = IPAddress.v4(0x0a4d_0064)
    private static let fourOctets: [UInt8] = [10, 77, 0, 100]
    private static let six = IPAddress.v6(high: 0xfd77_0000_0000_0000, low: 0x64)
    private static let sixOctets: [UInt8] = [0xfd, 0x77] + Array(repeating: 0, count: 13) + [0x64]

    private static func sent(
        _ address: InterfaceAddress,
        _ question: InterfaceAddress.Question
    ) throws -> Octets {
        unsafe Octets(try address.request(question), fixed: 8)
    }

    private static func lifetimes(preferred: UInt32, valid: UInt32) -> [UInt8] {
        Octets.octets(preferred) + Octets.octets(valid) + Array(repeating: 0, count: 8)
    }

    @Test("adds a floating IPv4 address for this host alone, for so long, as ours")
    func addIPv4() throws {
        let address = InterfaceAddress(
            floating: Self.four,
            prefixLength: 24,
            on: 7,
            lifetime: 0x0102_0304
        )
        // NLM_F_CREATE and NLM_F_REPLACE. No label, no broadcast address.
        #expect(
            try Self.sent(address, .add)
                == Octets(
                    type: 20,
                    flags: 0x500,
                    fixed: [2, 24, 0, 254, 7, 0, 0, 0],
                    attributes: [
                        1: Self.fourOctets, 2: Self.fourOctets,
                        6: Self.lifetimes(preferred: 0x0102_0304, valid: 0x0102_0304),
                        11: [0x56],
                    ]
                )
        )
    }

    @Test("adds a floating IPv6 address that is never preferred, with flags past eight bits")
    func addIPv6() throws {
        let address = InterfaceAddress(floating: Self.six, prefixLength: 64, on: 7, lifetime: 9)
        #expect(
            try Self.sent(address, .add)
                == Octets(
                    type: 20,
                    flags: 0x500,
                    fixed: [10, 64, 0x02, 0, 7, 0, 0, 0],
                    attributes: [
                        1: Self.sixOctets, 2: Self.sixOctets,
                        6: Self.lifetimes(preferred: 0, valid: 9),
                        8: [0x02, 0x02, 0, 0],
                        11: [0x56],
                    ]
                )
        )
    }

    @Test("tries one out by asking for what no kernel grants, and to have it first")
    func tryOut() throws {
        let address = InterfaceAddress(floating: Self.four, prefixLength: 32, on: 7, lifetime: 9)
        #expect(
            try Self.sent(address, .tryOut)
                == Octets(
                    type: 20,
                    flags: 0x600,
                    fixed: [2, 32, 0, 254, 7, 0, 0, 0],
                    attributes: [
                        1: Self.fourOctets, 2: Self.fourOctets,
                        6: Self.lifetimes(preferred: 9, valid: 9),
                        8: [0, 0x04, 0, 0],
                        11: [0x56],
                    ]
                )
        )
    }

    @Test("adds for ever where it is told to")
    func forever() throws {
        var address = InterfaceAddress(floating: Self.four, prefixLength: 32, on: 7, lifetime: 9)
        (address.valid, address.preferred) = (.forever, .seconds(.max))
        let sent = try Self.sent(address, .add)
        #expect(sent.attributes[6] == Self.lifetimes(preferred: 0xffff_fffe, valid: 0xffff_ffff))
    }

    /// 0x100 in the flags is IFA_F_MANAGETEMPADDR: sent along, it would be an order to remove the
    /// temporary addresses too.
    @Test(
        "removes an address in its own shape, without its flags",
        arguments: [
            (four, IPAddress?.none, fourOctets, fourOctets),
            (four, .v4(0x0a4d_0065), fourOctets, [10, 77, 0, 101]),
            (six, .none, sixOctets, sixOctets),
            // Of IPv6 the kernel does not ask for the other end.
            (six, .v6(high: 1, low: 2), sixOctets, sixOctets),
        ]
    )
    func remove(address: IPAddress, peer: IPAddress?, local: [UInt8], other: [UInt8]) throws {
        let found = InterfaceAddress(
            address: address,
            peer: peer,
            prefixLength: 30,
            interface: 7,
            scope: 253,
            flags: .init(rawValue: 0x180),
            owner: 0,
            valid: .forever,
            preferred: .forever
        )
        let family: UInt8 = local.count == 4 ? 2 : 10
        #expect(
            try Self.sent(found, .remove)
                == Octets(
                    type: 21,
                    fixed: [family, 30, 0, 253, 7, 0, 0, 0],
                    attributes: [1: other, 2: local]
                )
        )
    }

    @Test("is none where the library can't say it: without a prefix, with another end of IPv6")
    func unsayable() {
        var address = InterfaceAddress(floating: Self.six, prefixLength: 64, on: 7, lifetime: 9)
        address.peer = .v6(high: 1, low: 2)
        #expect(throws: SystemError.self) { _ = unsafe try address.request(.add) }
        (address.peer, address.prefixLength) = (nil, 0)
        #expect(throws: SystemError.self) { _ = unsafe try address.request(.add) }
    }

    private static let full = Octets(
        type: 20,
        fixed: Octets.address(ipv4, prefix: 30, flags: 0x80, scope: 253),
        attributes: [
            1: [10, 77, 0, 101], 2: fourOctets, 3: Array("v0\0".utf8),
            6: lifetimes(preferred: 5, valid: 0xffff_ffff), 8: [0x80, 0x02, 0, 0], 11: [0x56],
        ]
    )

    @Test("is read with everything that is in it")
    func read() throws {
        let address = try #require(Self.full.read(InterfaceAddress.init))
        #expect(
            address
                == InterfaceAddress(
                    address: Self.four,
                    peer: .v4(0x0a4d_0065),
                    prefixLength: 30,
                    interface: 7,
                    scope: 253,
                    flags: [.permanent, .noPrefixRoute],
                    owner: 0x56,
                    valid: .forever,
                    preferred: .seconds(5)
                )
        )
    }

    @Test("says of an IPv6 address what the kernel leaves out: no other end, for ever, nobody's")
    func sparse() throws {
        let message = Octets(
            type: 21,
            fixed: Octets.address(Self.ipv6, prefix: 64, flags: 0x40),
            attributes: [1: Self.sixOctets]
        )
        let address = try #require(message.read(InterfaceAddress.init))
        #expect(address.address == Self.six && address.peer == nil && address.owner == 0)
        #expect(address.valid == .forever && address.preferred == .forever)
        #expect(address.flags == .tentative)
    }

    @Test(
        "has no address where there is none of this end, or it has another length",
        arguments: [
            (ipv4, [:]), (ipv6, [:]),
            (ipv4, [1: fourOctets]),
            (ipv4, [1: fourOctets, 2: [10, 77, 0]]),
            (ipv4, [1: sixOctets, 2: sixOctets]),
            (ipv6, [1: fourOctets]),
            (17, [1: fourOctets, 2: fourOctets]),
        ] as [(Int32, [UInt16: [UInt8]])]
    )
    func missing(family: Int32, attributes: [UInt16: [UInt8]]) {
        let message = Octets(
            type: 20,
            fixed: Octets.address(family, prefix: 32),
            attributes: attributes
        )
        #expect(message.read(InterfaceAddress.init) == nil)
    }

    @Test("is nothing, and no trap, where it ends before the address does", arguments: 16..<40)
    func truncated(length: Int) {
        #expect(Self.full.read(cutTo: length, InterfaceAddress.init) == nil)
    }

    @Test("is nothing where it is about something else", arguments: [16, 22, 24, 3] as [UInt16])
    func other(type: UInt16) {
        var message = Self.full
        message.type = type
        #expect(message.read(InterfaceAddress.init) == nil)
    }
}
