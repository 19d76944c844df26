extension JSONValue {
    /// The deepest nesting that is read. A status report has 5 levels; the bound keeps recursion
    /// far from the end of the stack.
    public static let depthLimit = 32

    /// The longest document that is read, in octets. The report of 10,000 addresses has about 1 MB.
    public static let lengthLimit = 8 << 20

    /// Reads one document, strictly by RFC 8259: no comments, no trailing commas, UTF-8 only, each
    /// name once in its object. White space around it is ignored.
    public init(parsing octets: [UInt8]) throws(JSONError) {
        guard octets.count <= Self.lengthLimit else {
            throw JSONError(
                offset: Self.lengthLimit,
                problem: .tooLong(limit: Self.lengthLimit)
            )
        }
        var parser = JSONParser(octets: octets)
        self = try parser.document()
    }

    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

private struct JSONParser {
    let octets: [UInt8]
    var offset = 0

    init(octets: [UInt8]) {
        self.octets = octets
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw error(.trailing) }
        return value
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.depthLimit else {
            throw error(.tooDeep(limit: JSONValue.depthLimit))
        }
        skipSpace()
        guard let next else { throw error(.unexpectedEnd) }
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "n"): return try word("null", as: .null)
        case UInt8(ascii: "t"): return try word("true", as: .bool(true))
        case UInt8(ascii: "f"): return try word("false", as: .bool(false))
        default: throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        offset += 1
        skipSpace()
        if skip("}") { return .object([]) }
        repeat {
            skipSpace()
            let start = offset
            guard next == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
            let name = try string()
            guard names.insert(name).inserted else {
                throw JSONError(offset: start, problem: .duplicateName(name))
            }
            skipSpace()
            guard skip(":") else { throw unexpected("':'") }
            members.append(.init(name, try value(depth: depth + 1)))
            skipSpace()
        } while skip(",")
        guard skip("}") else { throw unexpected("',' or '}'") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        offset += 1
        skipSpace()
        if skip("]") { return .array([]) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while skip(",")
        guard skip("]") else { throw unexpected("',' or ']'") }
        return .array(elements)
    }

    private mutating func word(_ word: String, as value: JSONValue) throws(JSONError) -> JSONValue {
        for octet in word.utf8 {
            guard next == octet else { throw unexpected("'\(word)'") }
            offset += 1
        }
        return value
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        var isInteger = true
        _ = skip("-")
        let leadingZero = next == UInt8(ascii: "0")
        let digits = try skipDigits()
        guard digits == 1 || !leadingZero else {
            throw JSONError(offset: start, problem: .number)
        }
        if skip(".") {
            isInteger = false
            _ = try skipDigits()
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { _ = skip("-") }
            _ = try skipDigits()
        }

        let text = String(decoding: octets[start..<offset], as: UTF8.self)
        if isInteger {
            let range = Int128(Int64.min)...Int128(UInt64.max)
            guard let value = Int128(text), range.contains(value) else {
                throw JSONError(offset: start, problem: .numberTooLarge)
            }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw JSONError(offset: start, problem: .numberTooLarge)
        }
        return .decimal(value)
    }

    private mutating func skipDigits() throws(JSONError) -> Int {
        let start = offset
        while let octet = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) {
            offset += 1
        }
        guard offset > start else { throw error(next == nil ? .unexpectedEnd : .number) }
        return offset - start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        let start = offset
        var content: [UInt8] = []
        offset += 1
        while let octet = next {
            switch octet {
            case UInt8(ascii: "\""):
                offset += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw JSONError(offset: start, problem: .encoding)
                }
                return text
            case UInt8(ascii: "\\"):
                content += String(try escape()).utf8
            case 0..<0x20:
                throw error(.controlCharacter(octet))
            default:
                content.append(octet)
                offset += 1
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escape() throws(JSONError) -> Character {
        let start = offset
        offset += 1
        guard let letter = next else { throw error(.unexpectedEnd) }
        offset += 1
        switch letter {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try escapedScalar(from: start))
        default: throw JSONError(offset: start, problem: .escape)
        }
    }

    /// The scalar that `\uXXXX` stands for, or two of them for one beyond the basic plane.
    private mutating func escapedScalar(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourDigits(from: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00 else { throw JSONError(offset: start, problem: .loneSurrogate) }
        for expected in [UInt8(ascii: "\\"), UInt8(ascii: "u")] {
            guard let octet = next else { throw error(.unexpectedEnd) }
            guard octet == expected else {
                throw JSONError(offset: start, problem: .loneSurrogate)
            }
            offset += 1
        }
        let second = try fourDigits(from: start)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw JSONError(offset: start, problem: .loneSurrogate) }
        return scalar
    }

    private mutating func fourDigits(from start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let octet = next else { throw error(.unexpectedEnd) }
            guard let digit = Character(UnicodeScalar(octet)).hexDigitValue else {
                throw JSONError(offset: start, problem: .escape)
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    // MARK: Octets

    private var next: UInt8? { offset < octets.count ? octets[offset] : nil }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: scalar) else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let octet = next, [0x20, 0x09, 0x0A, 0x0D].contains(octet) { offset += 1 }
    }

    private func error(_ problem: JSONError.Problem) -> JSONError {
        JSONError(offset: offset, problem: problem)
    }

    private func unexpected(_ expected: String) -> JSONError {
        guard let next else { return error(.unexpectedEnd) }
        return error(.unexpected(octet: next, expected: expected))
    }
}
