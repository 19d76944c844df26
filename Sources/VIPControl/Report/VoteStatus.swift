/// How a voter votes in a group.
public struct VoteStatus: Equatable, Sendable, JSONRepresentable {
    public var voter: String
    /// Its grant to the owner counts now, as far as this host was told.
    public var counts: Bool
    /// How long ago that was asked for; `nil` where this host is not the owner, or never had one.
    public var grantAgeMilliseconds: Int?
    /// Why it has refused what this host asked last, in words.
    public var refusal: String?

    public init(
        voter: String,
        counts: Bool,
        grantAgeMilliseconds: Int? = nil,
        refusal: String? = nil
    ) {
        self.voter = voter
        self.counts = counts
        self.grantAgeMilliseconds = grantAgeMilliseconds
        self.refusal = refusal
    }

    public var json: JSONValue {
        JSONValue(fields: [
            "voter": voter,
            "counts": counts,
            "grant_age_ms": grantAgeMilliseconds,
            "refusal": refusal,
        ])
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        voter = try json.field("voter")
        counts = try json.field("counts")
        grantAgeMilliseconds = try json.field("grant_age_ms")
        refusal = try json.field("refusal")
    }
}
