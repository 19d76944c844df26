import Testing

@Suite("Diagnostics about timing")
struct TimingDiagnosticTests {
    @Test("a number without a unit is not a duration")
    func aNumberWithoutAUnitIsNotADuration() {
        let verdict = Example.verdict(
            replacing: "\"100ms\"",
            with: "100"
        )
        #expect(
            verdict == """
                vip.toml:6:13: error: 'heartbeat' is a number, but a duration is wanted
                 6 | heartbeat = 100
                   |             ^~~
                   = help: write it with its unit and in quotes, such as "100ms" or "1s"
                """
        )
    }

    @Test("a text that is not a duration is refused")
    func aTextThatIsNotADurationIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"100ms\"",
            with: "\"100\""
        )
        #expect(
            verdict == """
                vip.toml:6:13: error: 'heartbeat' is '100', which is not a duration
                 6 | heartbeat = "100"
                   |             ^~~~~
                   = help: write a number and a unit (us, ms, s, m, h), such as "100ms" or "1.5s"
                """
        )
    }

    @Test("a heartbeat that is too short is refused")
    func aHeartbeatThatIsTooShortIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"100ms\"",
            with: "\"900us\""
        )
        #expect(
            verdict == """
                vip.toml:6:13: error: 'heartbeat' is 900us, but the least allowed is 1ms
                 6 | heartbeat = "900us"
                   |             ^~~~~~~
                   = help: allowed is 1ms to 10s
                """
        )
    }

    @Test("a heartbeat that is too long is refused")
    func aHeartbeatThatIsTooLongIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"100ms\"",
            with: "\"11s\""
        )
        #expect(
            verdict == """
                vip.toml:6:13: error: 'heartbeat' is 11s, but the most allowed is 10s
                 6 | heartbeat = "11s"
                   |             ^~~~~
                   = help: allowed is 1ms to 10s
                """
        )
    }

    @Test("a lease that is too long is refused")
    func aLeaseThatIsTooLongIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"500ms\"",
            with: "\"31s\""
        )
        #expect(
            verdict == """
                vip.toml:7:9: error: 'lease' is 31s, but the most allowed is 30s
                 7 | lease = "31s"
                   |         ^~~~~
                   = help: allowed is 2ms to 30s
                """
        )
    }

    @Test("a lease shorter than two heartbeats is refused")
    func aLeaseShorterThanTwoHeartbeatsIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"500ms\"",
            with: "\"199ms\""
        )
        #expect(
            verdict == """
                vip.toml:7:9: error: 'lease' is 199ms, but the least allowed is two heartbeats of \
                100ms
                 7 | lease = "199ms"
                   |         ^~~~~~~
                   = help: write lease = "500ms", or a shorter heartbeat
                """
        )
    }

    @Test("a lease shorter than three heartbeats is advised against")
    func aLeaseShorterThanThreeHeartbeatsIsAdvisedAgainst() {
        let verdict = Example.verdict(
            replacing: "\"500ms\"",
            with: "\"250ms\""
        )
        #expect(
            verdict == """
                vip.toml:7:9: warning: 'lease' is 250ms, less than three heartbeats of 100ms
                 7 | lease = "250ms"
                   |         ^~~~~~~
                   = help: the loss of a renewal or two moves the addresses; five heartbeats are \
                usual
                """
        )
    }

    @Test("a drift beyond bounds is refused")
    func aDriftBeyondBoundsIsRefused() {
        let verdict = Example.verdict(
            replacing: "0.002",
            with: "0.06"
        )
        #expect(
            verdict == """
                vip.toml:8:9: error: 'drift' is 0.06, but the most allowed is 0.05
                 8 | drift = 0.06
                   |         ^~~~
                   = help: allowed is 0 to 0.05
                """
        )
    }

    @Test("a negative drift is refused")
    func aNegativeDriftIsRefused() {
        let verdict = Example.verdict(
            replacing: "0.002",
            with: "-1"
        )
        #expect(
            verdict == """
                vip.toml:8:9: error: 'drift' is -1.0, but the least allowed is 0
                 8 | drift = -1
                   |         ^~
                   = help: allowed is 0 to 0.05
                """
        )
    }

    @Test("a drift that is not a number is refused")
    func aDriftThatIsNotANumberIsRefused() {
        let verdict = Example.verdict(
            replacing: "0.002",
            with: "nan"
        )
        #expect(
            verdict == """
                vip.toml:8:9: error: 'drift' is not finite
                 8 | drift = nan
                   |         ^~~
                   = help: allowed is 0 to 0.05
                """
        )
    }

    @Test("a drift written as a string is refused")
    func aDriftWrittenAsAStringIsRefused() {
        let verdict = Example.verdict(
            replacing: "0.002",
            with: "\"0.2 %\""
        )
        #expect(
            verdict == """
                vip.toml:8:9: error: 'drift' is a string, but a number is wanted
                 8 | drift = "0.2 %"
                   |         ^~~~~~~
                   = help: write the fraction by which clocks may differ, such as drift = 0.002
                """
        )
    }

    @Test("a drift of zero leaves no margin and is refused")
    func aDriftOfZeroLeavesNoMarginAndIsRefused() {
        let verdict = Example.verdict(
            replacing: "0.002",
            with: "0"
        )
        #expect(
            verdict == """
                vip.toml:8:9: error: nothing separates an owner from a standby: it is silent by \
                500ms, a standby may claim from 500ms, and the margin has to be positive
                 8 | drift = 0
                   |         ^
                   = help: no two clocks run at the same rate; the default, drift = 0.002, is a \
                safe one
                """
        )
    }

    @Test("a margin longer than a quarter of the lease is refused")
    func aMarginLongerThanAQuarterOfTheLeaseIsRefused() {
        let verdict = Example.verdict(
            replacing: "\"1ms\"",
            with: "\"126ms\""
        )
        #expect(
            verdict == """
                vip.toml:9:10: error: 'margin' is 126ms, but the most allowed is a quarter of the \
                lease, 125ms
                 9 | margin = "126ms"
                   |          ^~~~~~~
                   = help: a frame leaves the host within a fraction of a millisecond; the \
                default is 1ms
                """
        )
    }
}
