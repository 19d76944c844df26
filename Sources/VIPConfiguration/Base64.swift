/// RFC 4648, section 4, strict: padded, without white space, and with no bits left over.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
    private static let padding = UInt8(ascii: "=")

    static func encode(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: 3) {
            let chunk = octets[start..<min(start + 3, octets.count)]
            let bits = chunk.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * (3 - chunk.count))
            for index in 0..<4 {
                let digit = Int(bits >> (18 - 6 * index)) & 63
                text.append(index <= chunk.count ? alphabet[digit] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what `encode` does not produce.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 4) else { return nil }
        var octets: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 4) {
            let chunk = digits[start..<start + 4].prefix { $0 != padding }
            guard chunk.count >= 2 else { return nil }
            var bits: UInt32 = 0
            for digit in chunk {
                guard let value = alphabet.firstIndex(of: digit) else { return nil }
                bits = bits << 6 | UInt32(value)
            }
            bits <<= UInt32(6 * (4 - chunk.count))
            for index in 0..<chunk.count - 1 {
                octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * index)))
            }
        }
        return encode(octets).utf8.elementsEqual(digits) ? octets : nil
    }
}
