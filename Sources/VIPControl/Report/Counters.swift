/// Something that is counted since the agent started; the raw value is its name in JSON.
///
/// A new counter is a case here, and a line where `Membership` counts it.
public enum Counter: String, CaseIterable, Sendable {
    case framesSent = "frames_sent"
    case framesReceived = "frames_received"
    case sendErrors = "send_errors"
    /// Leases extended, on any group.
    case renewals
    /// Leases acquired, planned or not.
    case takeovers
    /// ARP and NDP frames that left.
    case announcements
    /// Claims to an address of this host, by ARP or Neighbor Discovery, from another MAC address.
    case foreignClaims = "foreign_claims"
    /// Frames that may have been such claims, of which there were too many to look at.
    case claimsUnseen = "claims_unseen"
    /// Lines that were not written because there were too many.
    case logLinesDropped = "log_lines_dropped"
    /// How often the kernel had more to tell than fitted, and was asked anew.
    case netlinkOverruns = "netlink_overruns"
    /// How often somebody took the gate off an interface, and it was put back.
    case gateRepairs = "gate_repairs"
    /// The latest that a timer was ever served.
    case maximumLatenessMicroseconds = "max_lateness_us"
    /// The latest within the last half minute, or up to a whole one.
    case recentLatenessMicroseconds = "recent_lateness_us"
    /// How often a timer was served later than a quarter of the lease.
    case lateWakes = "late_wakes"
    /// How often the agent has become another program, by a reload or an upgrade.
    case reexecutions

    fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The value of each counter. Counting goes on when the agent becomes another program.
public struct Counters: Equatable, Sendable, JSONRepresentable {
    /// In the order of the cases.
    private var values: [UInt64]

    public init(counting count: (Counter) -> UInt64 = { _ in 0 }) {
        values = Counter.allCases.map(count)
    }

    public subscript(counter: Counter) -> UInt64 {
        get { values[counter.index] }
        set { values[counter.index] = newValue }
    }

    /// Two counters say how this program does now, so an earlier program's are nothing to them.
    private static let ofThisProgram: Set<Counter> = [.recentLatenessMicroseconds, .reexecutions]

    /// Goes on from the values of an earlier program of this process.
    public mutating func goOn(from earlier: Counters) {
        let latest = Counter.maximumLatenessMicroseconds
        let longest = max(self[latest], earlier[latest])
        for counter in Counter.allCases where !Self.ofThisProgram.contains(counter) {
            self[counter] &+= earlier[counter]
        }
        self[latest] = longest
    }

    public var json: JSONValue {
        .object(Counter.allCases.map { JSONValue.Member($0.rawValue, self[$0].json) })
    }

    /// A counter that is missing is zero: the agent that wrote this is older, and did not count it.
    public init(json: JSONReader) throws(JSONShapeError) {
        self.init()
        for counter in Counter.allCases {
            let value: UInt64? = try json.field(counter.rawValue)
            self[counter] = value ?? 0
        }
    }
}
