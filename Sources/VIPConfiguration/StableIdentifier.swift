/// The 64 bits that stand for a name in frames: FNV-1a (draft-eastlake-fnv, offset basis and prime
/// of the 64-bit variant) over its UTF-8.
///
/// The same on every host and in every version, unlike `Hasher`. Not a secret and not
/// collision-proof: a configuration in which two names share an identifier is refused.
public func stableIdentifier(_ name: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for octet in name.utf8 {
        hash = (hash ^ UInt64(octet)) &* 0x0000_0100_0000_01b3
    }
    return hash
}
