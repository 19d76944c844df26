/// What was counted since the agent started.
public struct Counters: Equatable, Sendable, JSONRepresentable {
    public var framesSent: UInt64
    public var framesReceived: UInt64
    public var sendErrors: UInt64
    /// Leases extended, on any group.
    public var renewals: UInt64
    /// Leases acquired, planned or not.
    public var takeovers: UInt64
    /// ARP and NDP frames that left.
    public var announcements: UInt64
    /// Claims to an address of this host, by ARP or Neighbor Discovery, from another MAC address.
    public var foreignClaims: UInt64
    /// Frames that may have been such claims, of which there were too many to look at.
    public var claimsUnseen: UInt64
    /// Lines that were not written because there were too many.
    public var logLinesDropped: UInt64
    /// How often the kernel had more to tell than fitted, and was asked anew.
    public var netlinkOverruns: UInt64
    /// How often somebody took the gate off an interface, and it was put back.
    public var gateRepairs: UInt64
    /// The latest that a timer was ever served.
    public var maximumLatenessMicroseconds: UInt64
    /// The latest within the last half minute, or up to a whole one.
    public var recentLatenessMicroseconds: UInt64
    /// How often a timer was served later than a quarter of the lease.
    public var lateWakes: UInt64
    /// How often the agent has become another program, by a reload or an upgrade. What is counted
    /// here goes on across that.
    public var reexecutions: UInt64

    public init(
        framesSent: UInt64 = 0,
        framesReceived: UInt64 = 0,
        sendErrors: UInt64 = 0,
        renewals: UInt64 = 0,
        takeovers: UInt64 = 0,
        announcements: UInt64 = 0,
        foreignClaims: UInt64 = 0,
        claimsUnseen: UInt64 = 0,
        logLinesDropped: UInt64 = 0,
        netlinkOverruns: UInt64 = 0,
        gateRepairs: UInt64 = 0,
        maximumLatenessMicroseconds: UInt64 = 0,
        recentLatenessMicroseconds: UInt64 = 0,
        lateWakes: UInt64 = 0,
        reexecutions: UInt64 = 0
    ) {
        self.framesSent = framesSent
        self.framesReceived = framesReceived
        self.sendErrors = sendErrors
        self.renewals = renewals
        self.takeovers = takeovers
        self.announcements = announcements
        self.foreignClaims = foreignClaims
        self.claimsUnseen = claimsUnseen
        self.logLinesDropped = logLinesDropped
        self.netlinkOverruns = netlinkOverruns
        self.gateRepairs = gateRepairs
        self.maximumLatenessMicroseconds = maximumLatenessMicroseconds
        self.recentLatenessMicroseconds = recentLatenessMicroseconds
        self.lateWakes = lateWakes
        self.reexecutions = reexecutions
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "frames_sent": framesSent,
            "frames_received": framesReceived,
            "send_errors": sendErrors,
            "renewals": renewals,
            "takeovers": takeovers,
            "announcements": announcements,
            "foreign_claims": foreignClaims,
            "claims_unseen": claimsUnseen,
            "log_lines_dropped": logLinesDropped,
            "netlink_overruns": netlinkOverruns,
            "gate_repairs": gateRepairs,
            "max_lateness_us": maximumLatenessMicroseconds,
            "recent_lateness_us": recentLatenessMicroseconds,
            "late_wakes": lateWakes,
            "reexecutions": reexecutions,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        framesSent = try json.field("frames_sent")
        framesReceived = try json.field("frames_received")
        sendErrors = try json.field("send_errors")
        renewals = try json.field("renewals")
        takeovers = try json.field("takeovers")
        announcements = try json.field("announcements")
        foreignClaims = try json.field("foreign_claims")
        claimsUnseen = try json.field("claims_unseen")
        logLinesDropped = try json.field("log_lines_dropped")
        netlinkOverruns = try json.field("netlink_overruns")
        gateRepairs = try json.field("gate_repairs")
        maximumLatenessMicroseconds = try json.field("max_lateness_us")
        recentLatenessMicroseconds = try json.field("recent_lateness_us")
        lateWakes = try json.field("late_wakes")
        reexecutions = try json.field("reexecutions")
    }
}
