/// Why at most one host answers for an address, in three numbers: the owner is silent by X, a
/// standby may claim from Y, and Y - X is the margin Z, which has to be positive.
///
/// L is the lease, d the drift, m the margin of the configuration.
///
/// 1. *The owner.* A voter's grant contributes `stamp + L(1 - 2d) - m` to the owner's deadline,
///    counted by the owner's clock from the stamp, which was read before the request was sent. At
///    the deadline the gate closes, whatever has become of the agent; that is reckoned by the
///    clock that may be slewed, with an allowance of its own, so it is no later. A frame that was
///    let through before has left the host `m` later. So by its own clock the owner is silent
///    when `L(1 - 2d) - m + m = L(1 - 2d)` have passed since the stamp.
/// 2. *Its clock* may be slower than the voter's: the rates differ by less than d of either, so
///    `t` by the owner's clock is less than `t / (1 - d)` by the voter's. (This is a little more
///    than `t(1 + d)`, and the safe side.) Hence, in the voter's time, counted from the stamp,
///    the owner is silent by `X = L(1 - 2d) / (1 - d)`.
/// 3. *The voter* counts L from the receipt of the request, which is later than the stamp. It
///    grants nobody else before. Hence a standby may claim from `Y = L`, counted from the stamp.
/// 4. `Z = Y - X = L d / (1 - d)`, positive if d is. m cancels out: it is spent on the frames that
///    are on their way out, and nothing of it is left over for Z.
///
/// Two majorities share a voter, so what holds for one voter that the owner counts holds for all;
/// the deadline is the majority-th greatest contribution, so a majority contributes as much or
/// more.
///
/// Not covered: a clock that stops altogether, that is a virtual machine that is paused.
public struct LeaseArgument: Equatable, Sendable, CustomStringConvertible {
    /// X, counted from when the last renewal that was granted was sent; rounded up to a
    /// nanosecond.
    public let ownerSilentBy: Duration
    /// Y, counted from the same instant.
    public let standbyMayClaimFrom: Duration
    /// Z; rounded down.
    public var margin: Duration { standbyMayClaimFrom - ownerSilentBy }
    /// How long an owner that sends a renewal and gets its answer may go on by its own clock:
    /// `L(1 - 2d) - m`, rounded down.
    public let tenure: Duration

    /// False if nothing separates the owner from a standby; `Configuration` refuses that.
    public var holds: Bool { margin > .zero && tenure > .zero }

    /// - Parameters:
    ///   - lease: L, from 0 to an hour.
    ///   - driftPartsPerMillion: d in millionths, from 0 to 499,999: from a half on there is no
    ///     lease left.
    ///   - margin: m, not negative.
    public init(lease: Duration, driftPartsPerMillion: Int, margin: Duration) {
        precondition(
            (Duration.zero...Duration.seconds(3600)).contains(lease),
            "a lease of \(lease) is out of bounds"
        )
        precondition(
            (0..<500_000).contains(driftPartsPerMillion),
            "a drift of \(driftPartsPerMillion) parts per million is out of bounds"
        )
        precondition(margin >= .zero, "a margin of \(margin) is negative")

        let million: Int64 = 1_000_000
        let drift = Int64(driftPartsPerMillion)
        let kept = lease.wholeNanoseconds * (million - 2 * drift)
        let slowest = million - drift
        ownerSilentBy = .nanoseconds((kept + slowest - 1) / slowest)
        standbyMayClaimFrom = lease
        tenure = .nanoseconds(kept / million) - margin
    }

    /// Three aligned lines, without a newline at the end.
    public var description: String {
        let rows = [
            ("the owner is silent by", ownerSilentBy.roundedUpToMicroseconds),
            ("a standby may claim from", standbyMayClaimFrom),
            ("margin", self.margin.roundedDownToMicroseconds),
        ]
        let numbers = rows.map(\.1.milliseconds)
        let points = numbers.map { $0.prefix { $0 != "." }.count }
        let widest = points.max() ?? 0
        var lines: [String] = []
        for (index, row) in rows.enumerated() {
            let label = row.0.padded(to: 26)
            let indent = String(repeating: " ", count: widest - points[index])
            lines.append(label + indent + numbers[index])
        }
        lines[0] += " after it sent its last renewal"
        return lines.joined(separator: "\n")
    }
}

extension Duration {
    fileprivate var roundedUpToMicroseconds: Duration {
        .nanoseconds((wholeNanoseconds + 999) / 1_000 * 1_000)
    }

    fileprivate var roundedDownToMicroseconds: Duration {
        .nanoseconds(wholeNanoseconds / 1_000 * 1_000)
    }

    /// Milliseconds with three decimals, so that a column of them compares at a glance.
    fileprivate var milliseconds: String {
        let microseconds = wholeNanoseconds / 1_000
        let decimals = String(microseconds % 1_000)
        let zeros = String(repeating: "0", count: 3 - decimals.count)
        return "\(microseconds / 1_000).\(zeros)\(decimals) ms"
    }
}

extension String {
    /// With spaces behind it, at least `width` characters.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(width - count, 0))
    }
}
