import VIPNet

/// What agents compare of their files: hashes over all that has to be the same on every host of the
/// cluster. They go with every heartbeat, and a difference is a reason against *healthy*.
///
/// The voters have a hash of their own, without which nobody votes. Left out is what may differ:
/// the interfaces, `enforcement`, `key_file`, the checks, and the order and spelling of anything.
extension Configuration {
    /// Over heartbeat, lease, drift and margin.
    public var timingDigest: UInt64 {
        stableIdentifier(
            "heartbeat \(timing.heartbeat.wholeNanoseconds)"
                + " lease \(timing.lease.wholeNanoseconds)"
                + " drift \(timing.driftPartsPerMillion)"
                + " margin \(timing.margin.wholeNanoseconds)"
        )
    }

    /// Over all groups, in whatever order.
    public var groupsDigest: UInt64 {
        stableIdentifier(groups.map(\.comparedText).sorted().joined(separator: "\n"))
    }
}

extension Configuration {
    /// Both, short enough to compare by eye.
    var fileSummary: String { "timing \(timingDigest.short), groups \(groupsDigest.short)" }
}

extension UInt64 {
    /// Eight hexadecimal digits of it.
    fileprivate var short: String {
        let digits = String(self ^ self >> 32, radix: 16)
        return String((String(repeating: "0", count: 8) + digits).suffix(8))
    }
}

extension Group {
    /// Over name, addresses, `prefer`, and how it fails back.
    public var digest: UInt32 {
        let hash = stableIdentifier(comparedText)
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    fileprivate var comparedText: String {
        let failback =
            switch failback {
            case .manual: "by hand"
            case .automatic: "after \(failbackDelay.wholeNanoseconds)"
            }
        let places = addresses.map(\.description).sorted().joined(separator: " ")
        return "\(name): \(places) prefer \(prefer ?? "nobody") failback \(failback)"
    }
}
