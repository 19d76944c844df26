/// A host, named on the wire and in the page by the 64-bit FNV-1a hash of its name.
///
/// The configuration refuses a file in which two names have one hash.
public struct HostID: Hashable, Comparable, Sendable {
    public var bits: UInt64
    public init(_ bits: UInt64) { self.bits = bits }
    public static func < (left: HostID, right: HostID) -> Bool { left.bits < right.bits }
}

/// A group of floating addresses, named like a host by the hash of its name.
public struct GroupID: Hashable, Comparable, Sendable {
    public var bits: UInt64
    public init(_ bits: UInt64) { self.bits = bits }
    public static func < (left: GroupID, right: GroupID) -> Bool { left.bits < right.bits }
}

/// The memory that a host's promises live in: drawn at random whenever a page begins anew.
public struct Incarnation: Hashable, Sendable {
    public var bits: UInt64
    public init(_ bits: UInt64) { self.bits = bits }
}

/// Who holds a lease. The incarnation is part of it: a host that has lost its page is another
/// holder.
public struct Holder: Hashable, Sendable {
    public var host: HostID
    public var incarnation: Incarnation

    public init(host: HostID, incarnation: Incarnation) {
        self.host = host
        self.incarnation = incarnation
    }
}

/// The fencing token of one tenure; grows with every acquisition. Zero is no term.
public struct Term: Hashable, Comparable, Sendable {
    public var number: UInt64
    public init(_ number: UInt64) { self.number = number }
    public static let none = Term(0)
    public static func < (left: Term, right: Term) -> Bool { left.number < right.number }

    /// The term after this one; `greatest` has none, and is its own. Terms start at zero, and no
    /// voter moves them by more than `Group.requestGap` in a heartbeat, so 64 bits do not run out.
    public var next: Term { self < .greatest ? Term(number + 1) : .greatest }

    /// The greatest term that is taken from a frame, a page or a disk, and that is ever asked in.
    public static let greatest = Term(UInt64.max - 1 << 32)
}

/// The requester's own clocks when it sent a request. A voter returns it and never reads it.
public typealias Stamp = Reading
