/// How many frames were dropped, by reason.
public struct DroppedFrames: Equatable, Sendable, JSONRepresentable {
    public struct Count: Equatable, Sendable {
        public var reason: String
        public var count: UInt64

        public init(reason: String, count: UInt64) {
            self.reason = reason
            self.count = count
        }
    }

    /// Each reason once.
    public var counts: [Count]

    public init(_ counts: [Count] = []) {
        self.counts = counts
    }

    public var json: JSONValue {
        .object(counts.map { JSONValue.Member($0.reason, $0.count.json) })
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        guard case .object(let members) = json.value else { throw json.mismatch("an object") }
        counts = []
        for member in members {
            counts.append(Count(reason: member.name, count: try json.field(member.name)))
        }
    }
}
