/// One transition, as it is kept for the question "who owned it, and why?".
public struct HistoryEntry: Equatable, Sendable, JSONRepresentable {
    /// Grows by one; a gap says that entries have been dropped.
    public var sequence: UInt64
    /// Wall clock, RFC 3339, UTC, with milliseconds.
    public var at: String
    /// CLOCK_BOOTTIME: orders entries when the wall clock was set.
    public var boottimeMilliseconds: UInt64
    /// `nil` for what concerns the host.
    public var group: String?
    /// What kind of entry it is, such as `state` or `voter`.
    public var event: String
    public var state: String?
    /// The state before.
    public var was: String?
    public var term: UInt64?
    public var owner: String?
    public var reason: String
    public var detail: String?
    /// How long the state before had lasted, or what happened had taken.
    public var afterMilliseconds: Int?

    public init(
        sequence: UInt64,
        at: String,
        boottimeMilliseconds: UInt64,
        group: String? = nil,
        event: String,
        state: String? = nil,
        was: String? = nil,
        term: UInt64? = nil,
        owner: String? = nil,
        reason: String,
        detail: String? = nil,
        afterMilliseconds: Int? = nil
    ) {
        self.sequence = sequence
        self.at = at
        self.boottimeMilliseconds = boottimeMilliseconds
        self.group = group
        self.event = event
        self.state = state
        self.was = was
        self.term = term
        self.owner = owner
        self.reason = reason
        self.detail = detail
        self.afterMilliseconds = afterMilliseconds
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "sequence": sequence,
            "at": at,
            "boottime_ms": boottimeMilliseconds,
            "group": group,
            "event": event,
            "state": state,
            "was": was,
            "term": term,
            "owner": owner,
            "reason": reason,
            "detail": detail,
            "after_ms": afterMilliseconds,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        sequence = try json.field("sequence")
        at = try json.field("at")
        boottimeMilliseconds = try json.field("boottime_ms")
        group = try json.field("group")
        event = try json.field("event")
        state = try json.field("state")
        was = try json.field("was")
        term = try json.field("term")
        owner = try json.field("owner")
        reason = try json.field("reason")
        detail = try json.field("detail")
        afterMilliseconds = try json.field("after_ms")
    }
}
