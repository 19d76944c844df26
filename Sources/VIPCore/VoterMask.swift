/// Some of a cluster's voters, by their indices in the order of their names. The indices are the
/// same on every host whose file names the same voters.
public struct VoterMask: Equatable, Sendable {
    public private(set) var bits: UInt16

    public init(bits: UInt16 = 0) { self.bits = bits }

    /// All voters of a cluster of `count`.
    public static func all(_ count: Int) -> VoterMask { VoterMask(bits: UInt16(1 << count - 1)) }

    public subscript(voter: Int) -> Bool {
        get { bits & 1 << voter != 0 }
        set { bits = newValue ? bits | 1 << voter : bits & ~(1 << voter) }
    }

    public var count: Int { bits.nonzeroBitCount }
    public var isEmpty: Bool { bits == 0 }

    public func intersection(_ other: VoterMask) -> VoterMask { VoterMask(bits: bits & other.bits) }

    public func without(_ voter: Int) -> VoterMask {
        var others = self
        others[voter] = false
        return others
    }
}
