/// The 64 bits that stand for a name in frames: FNV-1a over its UTF-8.
///
/// The same on every host and in every version, unlike `Hasher`. Not a secret and not
/// collision-proof: a configuration in which two names share an identifier is refused.
public func stableIdentifier(_ name: String) -> UInt64 {
    var checksum = Checksum()
    for octet in name.utf8 { checksum.add(octet) }
    return checksum.value
}
