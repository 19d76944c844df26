import Crypto
import VIPCore
import VIPNet

/// Puts the cluster's seal on frames, and opens only what carries it: HMAC-SHA-256 over header and
/// records, 32 octets, appended.
///
/// Two keys are valid at a time. What is sent is signed by the first; what comes may be signed by
/// either. So a key is replaced in three steps, each on all hosts before the next: the new key is
/// added as the second, then the two change places, then the old one goes. Which key made a tag is
/// said by one octet of the header, a fingerprint of the key, so that a frame costs one HMAC.
package struct FrameSeal: Sendable {
    /// The octets of a key: as many as the tag has, as RFC 2104 advises.
    package static let keyLength = 32

    /// What comes in is compared with it before anything is computed.
    private let cluster: UInt64
    private let first: Key
    private let second: Key?

    /// - Parameters:
    ///   - key: 32 random octets; what is sent is signed with it.
    ///   - other: another key that is taken from others, while one replaces the other.
    package init(cluster: UInt64, key: [UInt8], other: [UInt8]? = nil) {
        self.cluster = cluster
        first = Key(key)
        second = other.map(Key.init)
    }

    /// Replaces what is in `octets` by the datagram to send. An array that is used again and again
    /// keeps its room.
    package func seal(_ frame: Frame, into octets: inout [UInt8]) {
        octets.removeAll(keepingCapacity: true)
        octets.reserveCapacity(Frame.octetLimit)
        frame.serialize(into: &octets, key: first.fingerprint)
        first.appendTag(to: &octets)
    }

    /// The cluster that a datagram claims to be of, by the cheap checks alone: garbage costs less
    /// than it cost to send. Only `open` tells whether the claim is true.
    package static func cluster(of octets: Span<UInt8>) throws(OpenError) -> UInt64 {
        guard octets.count >= Frame.headerLength + Frame.tagLength else {
            throw .tooShort(octets.count)
        }
        guard octets.count <= Frame.octetLimit else { throw .tooLong(octets.count) }
        let magic = UInt32(octets.loadBigEndian(at: Frame.Offset.magic, count: 4))
        guard magic == Frame.magic else { throw .badMagic(magic) }
        let version = octets[Frame.Offset.version]
        guard version <= Frame.version else { throw .futureVersion(version) }
        return octets.loadBigEndian(at: Frame.Offset.cluster, count: 8)
    }

    /// Opens a datagram: cheap checks first, and no octet behind the cluster is believed before the
    /// tag was verified.
    package func open(_ octets: Span<UInt8>) throws(OpenError) -> Frame {
        let cluster = try Self.cluster(of: octets)
        guard cluster == self.cluster else { throw .otherCluster(cluster) }
        try verify(octets)
        do {
            return try Frame(parsing: octets.extracting(droppingLast: Frame.tagLength))
        } catch {
            throw .malformed(error)
        }
    }

    /// Both keys are tried only if they have one fingerprint, which one pair in 256 has.
    private func verify(_ octets: Span<UInt8>) throws(OpenError) {
        let fingerprint = octets[Frame.Offset.key]
        var isKnown = false
        if first.fingerprint == fingerprint {
            if first.hasSealed(octets) { return }
            isKnown = true
        }
        if let second, second.fingerprint == fingerprint {
            if second.hasSealed(octets) { return }
            isKnown = true
        }
        throw isKnown ? .forged : .unknownKey(fingerprint)
    }
}

/// Why a datagram was not opened. The cheapest checks come first.
package enum OpenError: Error, Equatable, Sendable {
    /// Fewer octets than a header and a tag have: this many.
    case tooShort(Int)
    /// More octets than a frame may have: at least this many.
    case tooLong(Int)
    /// Not a frame at all: it begins with these octets.
    case badMagic(UInt32)
    /// The sender speaks a version above ours.
    case futureVersion(UInt8)
    /// A frame of this cluster, which is not ours: two clusters share a port.
    case otherCluster(UInt64)
    /// No key of ours has this fingerprint: a rotation that has left out a step or a host.
    case unknownKey(UInt8)
    /// The tag is not the one that our key makes of these octets.
    case forged
    /// Sealed with our key, and yet not a frame: the sender has a bug, or another idea of version
    /// 1.
    case malformed(WireError)

    /// The reason alone, to count by.
    package enum Reason: String, Sendable, CaseIterable {
        case tooShort = "too_short"
        case tooLong = "too_long"
        case badMagic = "bad_magic"
        case futureVersion = "future_version"
        case otherCluster = "other_cluster"
        case unknownKey = "unknown_key"
        case forged, malformed
    }

    package var reason: Reason {
        switch self {
        case .tooShort: .tooShort
        case .tooLong: .tooLong
        case .badMagic: .badMagic
        case .futureVersion: .futureVersion
        case .otherCluster: .otherCluster
        case .unknownKey: .unknownKey
        case .forged: .forged
        case .malformed: .malformed
        }
    }
}

extension OpenError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooShort(let count):
            "a datagram of \(count) octets is too short for a frame, which has at least "
                + "\(Frame.headerLength + Frame.tagLength)"
        case .tooLong(let count):
            "a datagram of \(count) octets is too long for a frame, which has at most "
                + "\(Frame.octetLimit)"
        case .badMagic(let magic):
            "a datagram is not a frame: \(WireError.wrongMagic(magic))"
        case .futureVersion(let version):
            "a frame can't be read: \(WireError.futureVersion(version))"
        case .otherCluster(let cluster):
            "a frame is from another cluster, 0x\(String(cluster, radix: 16)); "
                + "give the two clusters different ports, or the same name and key"
        case .unknownKey(let fingerprint):
            "a frame is signed with a key that this host does not have (fingerprint "
                + "\(fingerprint)); compare the key files of the two hosts"
        case .forged:
            "a frame is not signed with the key that it names; "
                + "somebody else sends to this port, or it was damaged on its way"
        case .malformed(let error):
            "a frame with a valid signature can't be read: \(error); "
                + "compare the versions of the two hosts"
        }
    }
}

/// A key, hashed once: a copy of the hash goes on from there and saves five allocations a frame.
private struct Key: Sendable {
    private let keyed: HMAC<SHA256>
    /// The first octet of HMAC-SHA-256 of "vip-agent key": tells two keys apart and tells nothing
    /// about either.
    let fingerprint: UInt8

    init(_ octets: [UInt8]) {
        precondition(
            octets.count == FrameSeal.keyLength,
            "a key has \(FrameSeal.keyLength) octets, and not \(octets.count)"
        )
        keyed = HMAC(key: SymmetricKey(data: octets))
        var hash = keyed
        hash.update(data: Array("vip-agent key".utf8))
        fingerprint = unsafe hash.finalize().withUnsafeBytes { unsafe $0[0] }
    }

    func appendTag(to octets: inout [UInt8]) {
        let tag = tag(of: octets.span)
        unsafe tag.withUnsafeBytes { unsafe octets.append(contentsOf: $0) }
    }

    /// Whether the last 32 octets are the tag of those before. Takes as long wherever they differ.
    func hasSealed(_ octets: Span<UInt8>) -> Bool {
        let tag = tag(of: octets.extracting(droppingLast: Frame.tagLength))
        let start = octets.count - Frame.tagLength
        return unsafe tag.withUnsafeBytes { computed in
            var difference: UInt8 = 0
            for index in 0..<Frame.tagLength {
                difference |= unsafe computed[index] ^ octets[start + index]
            }
            return difference == 0
        }
    }

    private func tag(of octets: Span<UInt8>) -> HMAC<SHA256>.MAC {
        var hash = keyed
        unsafe octets.withUnsafeBytes { unsafe hash.update(data: $0) }
        return hash.finalize()
    }
}
