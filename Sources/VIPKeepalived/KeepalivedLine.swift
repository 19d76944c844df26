import VIPConfiguration

/// One line of a keepalived.conf, cut into words and braces as keepalived does.
struct KeepalivedLine {
    enum Token {
        case word(KeepalivedStatement.Word)
        case open(SourceRange)
        case close(SourceRange)
    }

    /// What is wrong with a line.
    struct Flaw: Error {
        var message: String
        var columns: Range<Int>
        var help: String
    }

    /// The line without its comment, leading and trailing white space.
    private(set) var scalars: [Unicode.Scalar]
    /// Columns of the original line in front of `scalars`; nil once parameters were put in, after
    /// which a column of the one is none of the other.
    private var offset: Int?
    private let number: Int
    private let whole: Range<Int>

    init(_ text: Substring.UnicodeScalarView, number: Int) throws(Flaw) {
        self.number = number
        var all = Array(text)
        if all.last == "\r" { all.removeLast() }
        let leading = all.prefix { $0.isBlank }.count
        whole = (min(leading, all.count) + 1)..<(all.count + 1)
        offset = leading
        scalars = try Self.withoutComment(Array(all.dropFirst(leading)), before: leading)
    }

    var isContinued: Bool { scalars.last == "\\" }

    /// keepalived itself joins lines in definitions only; elsewhere its manual does it.
    mutating func join(_ next: KeepalivedLine) {
        scalars.removeLast()
        scalars += [" "] + next.scalars
        offset = nil
    }

    var range: SourceRange { SourceRange(line: number, columns: whole) }

    /// The text of a line that begins with this, without it.
    func after(_ prefix: String) -> String? {
        guard scalars.starts(with: prefix.unicodeScalars) else { return nil }
        return String(String.UnicodeScalarView(scalars.dropFirst(prefix.unicodeScalars.count)))
    }

    /// Replaces the whole line by what its parameters make of it.
    mutating func become(_ text: String) throws(Flaw) {
        let replaced = Array(text.unicodeScalars)
        guard replaced != scalars else { return }
        offset = nil
        scalars = try Self.withoutComment(replaced, before: nil)
    }

    /// Without what stands in front of the scalar with this index.
    mutating func drop(_ count: Int) {
        let blanks = scalars.dropFirst(count).prefix { $0.isBlank }.count
        scalars = Array(scalars.dropFirst(count + blanks))
        offset = offset.map { $0 + count + blanks }
    }

    func tokens() -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case let scalar where scalar.isBlank:
                index += 1
            case "{":
                tokens.append(.open(range(index..<index + 1)))
                index += 1
            case "}":
                tokens.append(.close(range(index..<index + 1)))
                index += 1
            default:
                let start = index
                let text = word(from: &index)
                tokens.append(
                    .word(KeepalivedStatement.Word(text: text, range: range(start..<index)))
                )
            }
        }
        return tokens
    }

    /// Up to a blank or a brace that is in no quotes. Every quote is closed: see `withoutComment`.
    private func word(from index: inout Int) -> String {
        var text = String.UnicodeScalarView()
        var isQuoted = false
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "\\", index + 1 < scalars.count {
                index += 1
                text.append(scalars[index])
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if !isQuoted, scalar.isBlank || scalar == "{" || scalar == "}" {
                break
            } else {
                text.append(scalar)
            }
            index += 1
        }
        return String(text)
    }

    private func range(_ indices: Range<Int>) -> SourceRange {
        guard let offset else { return range }
        let columns = (indices.lowerBound + offset + 1)..<(indices.upperBound + offset + 1)
        return SourceRange(line: number, columns: columns)
    }

    /// '!' and '#' begin a comment anywhere but in double quotes.
    private static func withoutComment(
        _ scalars: [Unicode.Scalar],
        before leading: Int?
    ) throws(Flaw) -> [Unicode.Scalar] {
        var kept: [Unicode.Scalar] = []
        var quote: Int?
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "\\", index + 1 < scalars.count {
                kept.append(scalar)
                index += 1
            } else if scalar == "\"" {
                quote = quote == nil ? index : nil
            } else if quote == nil, scalar == "!" || scalar == "#" {
                break
            }
            kept.append(scalars[index])
            index += 1
        }
        if let quote {
            let columns = leading.map { (quote + $0 + 1)..<(scalars.count + $0 + 1) }
            throw Flaw(
                message: "this quote is not closed on its line",
                columns: columns ?? 1..<2,
                help: "add \" at the end of the text"
            )
        }
        while let last = kept.last, last.isBlank { kept.removeLast() }
        return kept
    }
}

extension Unicode.Scalar {
    var isBlank: Bool { self == " " || self == "\t" }

    /// What the name of a parameter is made of.
    var isOfParameter: Bool {
        self == "_" || ("0"..."9").contains(self) || ("a"..."z").contains(self)
            || ("A"..."Z").contains(self)
    }
}
