/// Why octets are not a frame, or not a record of the page.
public enum WireError: Error, Equatable, Sendable {
    /// They end before what they announce: `needed` octets from the beginning, `found` were there.
    case truncated(needed: Int, found: Int)
    /// There are this many octets too many at the end.
    case trailing(Int)
    /// The first four octets are not those of a frame.
    case wrongMagic(UInt32)
    /// A version above ours: the sender has been upgraded and this host has not.
    case futureVersion(UInt8)
    /// A code that this version has no meaning for.
    case unsupported(Field, UInt64)
    /// A record of this type can't have a body of this many octets.
    case wrongLength(Field, Int)
    /// A number, in nanoseconds if it is a time, that nobody in his right mind would send.
    case outOfBounds(Field, UInt64)
    /// Bits that have to be zero in this version are not.
    case reserved(Field, UInt64)
    /// The vote inside a release is for this other group.
    case foreignVote(GroupID)

    public enum Field: String, Sendable, CaseIterable {
        // In a frame's header.
        case version, length, path, flags
        case recordType = "record type"

        // Records.
        case request, granted, refused, release, released, inquiry, offer, declined, appeal
        case appealAnswered = "answer to an appeal"
        case presence, condition

        // In records.
        case term, stamp, remaining, reason, unreadiness, heard
        case leaseLength = "lease length"
        case switchoverRefusal = "refusal of a switchover"
        case hearings = "number of hearings"

        // In the page.
        case contributions = "number of contributions"
        case instant
    }
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let needed, let found):
            "\(needed) octets are needed, and \(found) are there"
        case .trailing(let count):
            "\(count) octets too many at the end"
        case .wrongMagic(let found):
            "it begins with 0x\(String(found, radix: 16)) and not with 0x56495041 (\"VIPA\")"
        case .futureVersion(let version):
            "version \(version) is newer than ours; upgrade this host"
        case .unsupported(let field, let code):
            "this version knows no \(field.rawValue) \(code)"
        case .wrongLength(let field, let length):
            "a record \"\(field.rawValue)\" can't have \(length) octets"
        case .outOfBounds(let field, let value):
            "\(field.rawValue) \(value) is out of bounds"
        case .reserved(let field, let bits):
            "reserved bits of \"\(field.rawValue)\" are set: 0x\(String(bits, radix: 16))"
        case .foreignVote(let group):
            "a release carries a vote for another group, 0x\(String(group.bits, radix: 16))"
        }
    }
}
