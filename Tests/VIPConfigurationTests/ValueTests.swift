import Testing
import VIPConfiguration
import VIPNet

@Suite("IP address")
struct IPAddressTests {
    @Test(
        "prints in the canonical form",
        arguments: [
            ("10.77.0.100", "10.77.0.100"),
            ("0.0.0.0", "0.0.0.0"),
            ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("fd77:0:0:0:0:0:0:0", "fd77::"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("::0001", "::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
            ("::10.0.0.1", "::a00:1"),
        ]
    )
    func canonical(text: String, expected: String) throws {
        #expect(try #require(IPAddress(parsing: text)).description == expected)
    }

    @Test(
        "nothing else is an address",
        arguments: [
            "", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "10.0.0.1\0", ":::", "1::2::3",
            "fe80::1%eth0", "[::1]", "lb1", "１０.0.0.1",
        ]
    )
    func refused(text: String) {
        #expect(IPAddress(parsing: text) == nil)
    }

    @Test("octets are in network order, and make the same address again")
    func octets() throws {
        let ipv4 = try #require(IPAddress(parsing: "17.18.19.20"))
        #expect(ipv4.octets == [0x11, 0x12, 0x13, 0x14])
        #expect(IPAddress(octets: ipv4.octets) == ipv4)
        let ipv6 = try #require(IPAddress(parsing: "1112:1314:1516:1718:2122:2324:2526:2728"))
        #expect(
            ipv6.octets == [
                0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
                0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
            ]
        )
        #expect(IPAddress(octets: ipv6.octets) == ipv6)
        #expect(IPAddress(octets: [1, 2, 3]) == nil)
    }
}

@Suite("Endpoint")
struct EndpointTests {
    @Test(
        "is an address and perhaps a port",
        arguments: [
            ("10.0.0.1", "10.0.0.1:7694"),
            ("10.0.0.1:7000", "10.0.0.1:7000"),
            ("fd00::1", "[fd00::1]:7694"),
            ("[fd00::1]", "[fd00::1]:7694"),
            ("[fd00::1]:65535", "[fd00::1]:65535"),
        ]
    )
    func accepted(text: String, expected: String) throws {
        #expect(try #require(Endpoint(parsing: text)).description == expected)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", ":7000", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:+7", "[10.0.0.1]",
            "[fd00::1", "[fd00::1]7000", "[]:7000", "lb1:7000",
        ]
    )
    func refused(text: String) {
        #expect(Endpoint(parsing: text) == nil)
    }
}

@Suite("Duration syntax")
struct DurationSyntaxTests {
    @Test(
        "a number and a unit",
        arguments: [
            ("15ms", 15_000_000), ("100us", 100_000), ("1s", 1_000_000_000),
            ("1m", 60_000_000_000), ("1.5s", 1_500_000_000), ("2h", 7_200_000_000_000),
            ("0s", 0), ("0.001us", 1), ("0.5m", 30_000_000_000),
        ] as [(String, Int64)]
    )
    func accepted(text: String, nanoseconds: Int64) {
        #expect(Duration(parsing: text)?.wholeNanoseconds == nanoseconds)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "1", "s", "ms", "1 s", "-1s", "+1s", ".5s", "1.s", "1..5s", "1.2.3s", "1S", "1min",
            "0.0001us", "1234567890s", "999999999h", "2562047.788015216h", "5\u{301}ms", "٣s",
        ]
    )
    func refused(text: String) {
        #expect(Duration(parsing: text) == nil)
    }

    @Test(
        "prints as it is read",
        arguments: [
            "15ms", "100us", "1s", "1m", "1.5s", "2h", "0s", "0.001us", "90s", "500.25ms", "3661s",
        ]
    )
    func text(text: String) {
        #expect(Duration(parsing: text)?.text == text)
    }
}

@Suite("Stable identifier")
struct StableIdentifierTests {
    @Test(
        "is FNV-1a: the published vectors",
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] as [(String, UInt64)]
    )
    func vectors(text: String, expected: UInt64) {
        #expect(stableIdentifier(text) == expected)
    }
}
