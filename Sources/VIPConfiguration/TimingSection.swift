extension Timing {
    private static let defaultHeartbeat = Duration.milliseconds(100)
    private static let defaultLease = Duration.milliseconds(500)
    private static let defaultDrift = 2_000
    private static let defaultMargin = Duration.milliseconds(1)

    static let keys = ["heartbeat", "lease", "drift", "margin"]

    /// The section may be missing; then everything has its default.
    init(_ section: Section, into report: inout Report) {
        let errorsBefore = report.errors
        let shortest =
            ConfigurationBounds.heartbeat.lowerBound * ConfigurationBounds.fewestHeartbeatsPerLease
        let longest = ConfigurationBounds.longestLease
        let heartbeat = section.duration(
            "heartbeat",
            in: ConfigurationBounds.heartbeat,
            into: &report
        )
        let lease = section.duration("lease", in: shortest...longest, into: &report)
        let drift = section.drift(into: &report)
        let margin = section.duration("margin", in: .zero...longest, into: &report)

        self.init(
            heartbeat: heartbeat?.value ?? Self.defaultHeartbeat,
            lease: lease?.value ?? Self.defaultLease,
            driftPartsPerMillion: drift ?? Self.defaultDrift,
            margin: margin?.value ?? Self.defaultMargin
        )
        // What is compared has to be what was written.
        guard report.errors == errorsBefore else { return }

        let leaseRange = lease?.range ?? heartbeat?.range ?? section.header
        checkHeartbeats(at: leaseRange, into: &report)
        checkMargin(at: margin?.range ?? leaseRange, into: &report)
        guard report.errors == errorsBefore, !argument.holds else { return }
        report.error(
            "nothing separates an owner from a standby: it is silent by"
                + " \(argument.ownerSilentBy.text), a standby may claim from"
                + " \(argument.standbyMayClaimFrom.text), and the margin has to be positive",
            at: section.node("drift")?.range ?? leaseRange,
            help: "no two clocks run at the same rate; the default, drift = 0.002, is a safe one"
        )
    }

    private func checkHeartbeats(at range: SourceRange?, into report: inout Report) {
        let shortest = heartbeat * ConfigurationBounds.fewestHeartbeatsPerLease
        if lease < shortest {
            report.error(
                "'lease' is \(lease.text), but the least allowed is two heartbeats of"
                    + " \(heartbeat.text)",
                at: range,
                help: "write lease = \"\((heartbeat * 5).text)\", or a shorter heartbeat"
            )
        } else if lease < heartbeat * ConfigurationBounds.advisedHeartbeatsPerLease {
            report.warn(
                "'lease' is \(lease.text), less than three heartbeats of \(heartbeat.text)",
                at: range,
                help: "the loss of a renewal or two moves the addresses; five heartbeats are usual"
            )
        }
    }

    private func checkMargin(at range: SourceRange?, into report: inout Report) {
        let most = lease / ConfigurationBounds.marginsPerLease
        guard margin > most else { return }
        report.error(
            "'margin' is \(margin.text), but the most allowed is a quarter of the lease,"
                + " \(most.text)",
            at: range,
            help: "a frame leaves the host within a fraction of a millisecond; the default is 1ms"
        )
    }
}

extension Section {
    /// In parts per million, rounded up: the safe side.
    fileprivate func drift(into report: inout Report) -> Int? {
        guard let node = node("drift") else { return nil }
        let fraction: Double
        switch node.value {
        case .float(let value): fraction = value
        case .integer(let value): fraction = Double(value)
        case .table, .array, .string, .boolean, .dateOrTime:
            report.wrongType(
                "drift",
                node,
                wanted: "a number",
                help: "write the fraction by which clocks may differ, such as drift = 0.002"
            )
            return nil
        }
        guard fraction.isFinite else {
            report.error("'drift' is not finite", at: node.range, help: "allowed is 0 to 0.05")
            return nil
        }
        let found = Located(value: fraction, range: node.range)
        guard report.check(found, of: "drift", in: ConfigurationBounds.drift, text: Self.plain)
        else { return nil }
        // Decimal fractions are not exact in binary: 0.003 is not to become 3001.
        let scaled = fraction * Double(ConfigurationBounds.partsPerMillion)
        return Int((scaled - 1e-6).rounded(.up))
    }

    private static func plain(_ number: Double) -> String {
        number == 0 ? "0" : "\(number)"
    }
}
