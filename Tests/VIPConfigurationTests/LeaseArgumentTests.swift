import Testing
import VIPConfiguration

@Suite("Lease argument")
struct LeaseArgumentTests {
    @Test("for the defaults leaves a millisecond")
    func defaults() {
        let argument = LeaseArgument(
            lease: .milliseconds(500),
            driftPartsPerMillion: 2000,
            margin: .milliseconds(1)
        )
        // 500 ms * 0.996 / 0.998 = 498.997995991… ms
        #expect(argument.ownerSilentBy == .nanoseconds(498_997_996))
        #expect(argument.standbyMayClaimFrom == .milliseconds(500))
        #expect(argument.margin == .nanoseconds(1_002_004))
        #expect(argument.tenure == .milliseconds(497))
        #expect(argument.holds)
        #expect(
            argument.description == """
                the owner is silent by    498.998 ms after it sent its last renewal
                a standby may claim from  500.000 ms
                margin                      1.002 ms
                """
        )
    }

    @Test("does not hold if clocks are taken to be perfect")
    func noDrift() {
        let argument = LeaseArgument(
            lease: .seconds(1),
            driftPartsPerMillion: 0,
            margin: .milliseconds(1)
        )
        #expect(argument.margin == .zero)
        #expect(!argument.holds)
    }

    @Test("does not hold if the margin eats up the lease")
    func noTenure() {
        let argument = LeaseArgument(
            lease: .milliseconds(10),
            driftPartsPerMillion: 2000,
            margin: .milliseconds(10)
        )
        #expect(!argument.holds)
    }

    @Test("covers the slowest owner beside the fastest voter, over the whole range")
    func slowestOwner() {
        for drift in [1, 200, 2_000, 50_000] {
            for milliseconds in [2, 15, 500, 30_000] {
                let argument = LeaseArgument(
                    lease: .milliseconds(milliseconds),
                    driftPartsPerMillion: drift,
                    margin: .zero
                )
                // The owner's clock runs at 1 - d of the voter's. In the time of the voter, its
                // tenure and the margin take tenure / (1 - d).
                let rate = 1 - Double(drift) / 1_000_000
                let silent = Double(argument.tenure.wholeNanoseconds) / rate
                #expect(silent < Double(argument.standbyMayClaimFrom.wholeNanoseconds))
                #expect(silent <= Double(argument.ownerSilentBy.wholeNanoseconds))
                #expect(argument.holds)
            }
        }
    }
}
