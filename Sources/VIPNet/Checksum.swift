/// FNV-1a with 64 bits (draft-eastlake-fnv, offset basis and prime of the 64-bit variant): tells a
/// torn or damaged record from a whole one, and is no protection from malice.
package struct Checksum {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func add(_ octet: UInt8) {
        value = (value ^ UInt64(octet)) &* 0x0000_0100_0000_01b3
    }

    package mutating func add(_ number: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            add(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }
}
