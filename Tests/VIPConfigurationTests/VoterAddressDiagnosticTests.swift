import Testing

@Suite("Diagnostics about voters' addresses")
struct VoterAddressDiagnosticTests {
    @Test("a name in the place of an address is refused")
    func aNameInThePlaceOfAnAddressIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"w1.example.com\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: 'w1.example.com' is not the address of a voter
                 21 | addresses = ["w1.example.com"]
                    |              ^~~~~~~~~~~~~~~~
                    = help: write 10.0.0.1, 10.0.0.1:7000, fd00::1 or [fd00::1]:7000; names are \
                not looked up
                """
        )
    }

    @Test("port zero is refused")
    func portZeroIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"10.77.0.3:0\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: '10.77.0.3:0' is not the address of a voter
                 21 | addresses = ["10.77.0.3:0"]
                    |              ^~~~~~~~~~~~~
                    = help: write 10.0.0.1, 10.0.0.1:7000, fd00::1 or [fd00::1]:7000; names are \
                not looked up
                """
        )
    }

    @Test("a multicast address is refused")
    func aMulticastAddressIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"224.0.0.18\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: 224.0.0.18 is a multicast address, which no voter can be \
                reached at
                 21 | addresses = ["224.0.0.18"]
                    |              ^~~~~~~~~~~~
                    = help: write an address that belongs to one interface of the voter, such as \
                10.77.0.1 or fd77::1
                """
        )
    }

    @Test("an unspecified address is refused")
    func anUnspecifiedAddressIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"0.0.0.0\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: 0.0.0.0 is unspecified, which no voter can be reached at
                 21 | addresses = ["0.0.0.0"]
                    |              ^~~~~~~~~
                    = help: write an address that belongs to one interface of the voter, such as \
                10.77.0.1 or fd77::1
                """
        )
    }

    @Test("the broadcast address is refused")
    func theBroadcastAddressIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"255.255.255.255\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: 255.255.255.255 is the broadcast address, which no voter \
                can be reached at
                 21 | addresses = ["255.255.255.255"]
                    |              ^~~~~~~~~~~~~~~~~
                    = help: write an address that belongs to one interface of the voter, such as \
                10.77.0.1 or fd77::1
                """
        )
    }

    @Test("a link-local address is refused")
    func aLinklocalAddressIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"fe80::1\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: fe80::1 is link-local, which no voter can be reached at
                 21 | addresses = ["fe80::1"]
                    |              ^~~~~~~~~
                    = help: write an address that belongs to one interface of the voter, such as \
                10.77.0.1 or fd77::1
                """
        )
    }

    @Test("an IPv4 address written as IPv6 is refused")
    func anIPv4AddressWrittenAsIPv6IsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"::ffff:10.77.0.3\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: error: ::ffff:10.77.0.3 is an IPv4 address written as IPv6, which \
                no voter can be reached at
                 21 | addresses = ["::ffff:10.77.0.3"]
                    |              ^~~~~~~~~~~~~~~~~~
                    = help: write an address that belongs to one interface of the voter, such as \
                10.77.0.1 or fd77::1
                """
        )
    }

    @Test("a loopback address is advised against")
    func aLoopbackAddressIsAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.3\"",
            with: "\"127.0.0.3\""
        )
        #expect(
            verdict == """
                vip.toml:21:14: warning: 127.0.0.3 is a loopback address
                 21 | addresses = ["127.0.0.3"]
                    |              ^~~~~~~~~~~
                    = help: only processes of the same host can reach it
                """
        )
    }
}
