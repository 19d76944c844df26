import Testing

@Suite("Diagnostics about floating addresses")
struct FloatingAddressDiagnosticTests {
    @Test("what is not an address cannot float")
    func whatIsNotAnAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.100\"",
            with: "\"10.77.0\""
        )
        #expect(
            verdict == """
                vip.toml:26:14: error: '10.77.0' is not an address
                 26 | addresses = ["10.77.0", "fd77::64"]
                    |              ^~~~~~~~~
                    = help: write 10.77.0.100 or fd77::64; they are installed as /32 and /128
                """
        )
    }

    @Test("a prefix length beyond the address is refused")
    func aPrefixLengthBeyondTheAddressIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.100\"",
            with: "\"10.77.0.100/33\""
        )
        #expect(
            verdict == """
                vip.toml:26:14: error: '10.77.0.100/33' has a prefix length that is not 1 to 32
                 26 | addresses = ["10.77.0.100/33", "fd77::64"]
                    |              ^~~~~~~~~~~~~~~~
                    = help: write 10.77.0.100 alone, and it is installed as /32
                """
        )
    }

    @Test("a prefix shorter than the address is advised against")
    func aPrefixShorterThanTheAddressIsAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.100\"",
            with: "\"10.77.0.100/24\""
        )
        #expect(
            verdict == """
                vip.toml:26:14: warning: '10.77.0.100/24' is installed as /24
                 26 | addresses = ["10.77.0.100/24", "fd77::64"]
                    |              ^~~~~~~~~~~~~~~~
                    = help: the host's own address of that subnet can go when this one does \
                (promote_secondaries); write 10.77.0.100
                """
        )
    }

    @Test("an unspecified address cannot float")
    func anUnspecifiedAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"fd77::64\"",
            with: "\"::\""
        )
        #expect(
            verdict == """
                vip.toml:26:29: error: :: is unspecified, which cannot float
                 26 | addresses = ["10.77.0.100", "::"]
                    |                             ^~~~
                    = help: write an address that clients can reach, such as 10.77.0.100 or fd77::64
                """
        )
    }

    @Test("a loopback address cannot float")
    func aLoopbackAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"fd77::64\"",
            with: "\"::1\""
        )
        #expect(
            verdict == """
                vip.toml:26:29: error: ::1 is a loopback address, which cannot float
                 26 | addresses = ["10.77.0.100", "::1"]
                    |                             ^~~~~
                    = help: write an address that clients can reach, such as 10.77.0.100 or fd77::64
                """
        )
    }

    @Test("a multicast address cannot float")
    func aMulticastAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"fd77::64\"",
            with: "\"ff02::1\""
        )
        #expect(
            verdict == """
                vip.toml:26:29: error: ff02::1 is a multicast address, which cannot float
                 26 | addresses = ["10.77.0.100", "ff02::1"]
                    |                             ^~~~~~~~~
                    = help: write an address that clients can reach, such as 10.77.0.100 or fd77::64
                """
        )
    }

    @Test("a broadcast address cannot float")
    func aBroadcastAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.100\"",
            with: "\"255.255.255.255\""
        )
        #expect(
            verdict == """
                vip.toml:26:14: error: 255.255.255.255 is the broadcast address, which cannot float
                 26 | addresses = ["255.255.255.255", "fd77::64"]
                    |              ^~~~~~~~~~~~~~~~~
                    = help: write an address that clients can reach, such as 10.77.0.100 or fd77::64
                """
        )
    }

    @Test("a link-local address cannot float")
    func aLinklocalAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"fd77::64\"",
            with: "\"fe80::64\""
        )
        #expect(
            verdict == """
                vip.toml:26:29: error: fe80::64 is link-local, which cannot float
                 26 | addresses = ["10.77.0.100", "fe80::64"]
                    |                             ^~~~~~~~~~
                    = help: write an address that clients can reach, such as 10.77.0.100 or fd77::64
                """
        )
    }

    @Test("a mapped address cannot float")
    func aMappedAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"fd77::64\"",
            with: "\"::ffff:10.77.0.9\""
        )
        #expect(
            verdict == """
                vip.toml:26:29: error: ::ffff:10.77.0.9 is an IPv4 address written as IPv6, which \
                cannot float
                 26 | addresses = ["10.77.0.100", "::ffff:10.77.0.9"]
                    |                             ^~~~~~~~~~~~~~~~~~
                    = help: write an address that clients can reach, such as 10.77.0.100 or fd77::64
                """
        )
    }

    @Test("an address that floats twice points at the second")
    func anAddressThatFloatsTwicePointsAtTheSecond() {
        let verdict = Example.verdict(
            replacing: "failback_delay = \"1m\"",
            with: """
                failback_delay = "1m"

                [[group]]
                name = "mail"
                interface = "eth0"
                addresses = ["fd77:0::64"]
                """
        )
        #expect(
            verdict == """
                vip.toml:34:14: error: fd77::64 already floats (line 26)
                 34 | addresses = ["fd77:0::64"]
                    |              ^~~~~~~~~~~~
                    = help: an address is in one group, once
                """
        )
    }

    @Test("a voter's own address cannot float")
    func aVotersOwnAddressCannotFloat() {
        let verdict = Example.verdict(
            replacing: "\"10.77.0.100\"",
            with: "\"10.78.0.2\""
        )
        #expect(
            verdict == """
                vip.toml:26:14: error: 10.78.0.2 is a voter's own address (line 17)
                 26 | addresses = ["10.78.0.2", "fd77::64"]
                    |              ^~~~~~~~~~~
                    = help: an address that floats cannot be what the voters are reached at; \
                choose a free one of the subnet
                """
        )
    }
}
