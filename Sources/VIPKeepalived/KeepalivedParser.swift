import VIPConfiguration

/// Reads a keepalived.conf and what it includes into statements, line by line as keepalived does.
///
/// Reading goes on after a fault, so that all of them are reported in one go; it ends where there
/// is more than there may be.
struct KeepalivedParser {
    /// What a pattern behind `include` stands for, in the order of their names; none is no fault.
    typealias Including = (_ pattern: String) throws(KeepalivedReadFailure) -> [KeepalivedFile]

    /// With these a line brings in another file. They differ in what keepalived complains of.
    static let includes = ["include", "includer", "includem", "includew", "includeb", "includea"]

    private(set) var files: [KeepalivedFile] = []
    private(set) var faults: [(file: Int, diagnostic: Diagnostic)] = []
    private(set) var cannotRead = false
    /// Includes that bring in nothing.
    private(set) var empty: [KeepalivedStatement] = []

    /// What the words behind '@' are compared with.
    private let host: String
    private let including: Including
    private var parameters: [String: [Unicode.Scalar]] = [:]
    /// The statements of the file, and of each block that is open.
    private var levels: [[KeepalivedStatement]] = [[]]
    private var opened: [KeepalivedStatement] = []
    private var count = 0
    private var includes = 0
    private var octets = 0
    private var substitutedScalars = 0
    /// There is more than there may be: nothing of it is looked at.
    private var isFull = false

    init(host: String, including: @escaping Including) {
        self.host = host
        self.including = including
    }

    /// The statements of a file and of all that it includes; of no use if there were faults.
    mutating func statements(of file: KeepalivedFile) -> [KeepalivedStatement] {
        read(file, depth: 1)
        guard !isFull else { return levels[0] }
        for statement in opened {
            fault(
                statement.position,
                "the block of \(statement.text.quoted) is not closed",
                help: "add a '}' where it ends"
            )
        }
        return levels[0]
    }

    var error: KeepalivedError? {
        guard !faults.isEmpty else { return nil }
        return KeepalivedError(
            reason: cannotRead ? .unreadable : .broken,
            description: files.rendered(faults)
        )
    }

    private mutating func read(_ file: KeepalivedFile, depth: Int) {
        let index = files.count
        files.append(file)
        octets += file.text.utf8.count
        setDirectory(of: file)
        let lines = file.text.unicodeScalars.split(
            omittingEmptySubsequences: false,
            whereSeparator: { $0 == "\n" }
        )
        var number = 0
        while number < lines.count, !isFull {
            number += 1
            if count >= KeepalivedBounds.statements {
                let range = SourceRange(line: number, columns: 1..<2)
                overflow(
                    KeepalivedPosition(file: index, range: range),
                    "there are more than \(KeepalivedBounds.statements) statements",
                    help: "is it the right file?"
                )
                return
            }
            do throws(KeepalivedLine.Flaw) {
                var line = try KeepalivedLine(lines[number - 1], number: number)
                while line.isContinued, line.after("$") == nil, number < lines.count {
                    number += 1
                    line.join(try KeepalivedLine(lines[number - 1], number: number))
                }
                try read(line, of: index, depth: depth)
            } catch {
                let range = SourceRange(line: number, columns: error.columns)
                fault(
                    KeepalivedPosition(file: index, range: range),
                    error.message,
                    help: error.help
                )
            }
        }
    }

    private mutating func setDirectory(of file: KeepalivedFile) {
        let path = file.directory.isEmpty ? "." : String(file.directory.dropLast())
        parameters["_PWD"] = Array(path.unicodeScalars)
    }

    private mutating func read(
        _ line: KeepalivedLine,
        of file: Int,
        depth: Int
    ) throws(KeepalivedLine.Flaw) {
        var line = line
        guard applies(&line) else { return }
        if try defines(line) { return }
        guard line.after("~") == nil else {
            throw KeepalivedLine.Flaw(
                message: "~SEQ and ~LST are not understood here",
                columns: line.range.columns,
                help: "write out the lines that it stands for"
            )
        }
        let written = line
        try line.become(substituted(in: line))
        // A parameter may stand for a condition.
        if line.scalars != written.scalars, !applies(&line) { return }
        let tokens = line.tokens()
        if case .word(let word) = tokens.first, Self.includes.contains(word.text) {
            include(tokens, word, of: file, depth: depth)
        } else {
            parse(tokens, of: file)
        }
    }

    /// False if the line is for other hosts.
    private func applies(_ line: inout KeepalivedLine) -> Bool {
        var rest = line.scalars[...]
        while rest.first == "@" {
            let word = rest.prefix { !$0.isBlank }
            let isNegated = word.dropFirst().first == "^"
            let name = String(String.UnicodeScalarView(word.dropFirst(isNegated ? 2 : 1)))
            guard word.count < rest.count, (name == host) != isNegated else { return false }
            rest = rest.dropFirst(word.count).drop { $0.isBlank }
        }
        if rest.count < line.scalars.count { line.drop(line.scalars.count - rest.count) }
        return true
    }

    /// True, and remembered, if the line is "$NAME=VALUE".
    private mutating func defines(_ line: KeepalivedLine) throws(KeepalivedLine.Flaw) -> Bool {
        guard line.scalars.first == "$" else { return false }
        let name = line.scalars.dropFirst().prefix { $0.isOfParameter }
        let rest = line.scalars.dropFirst(name.count + 1)
        guard !name.isEmpty, rest.first == "=" else { return false }
        guard !line.isContinued else {
            throw KeepalivedLine.Flaw(
                message: "parameters of several lines are not understood here",
                columns: line.range.columns,
                help: "write out the lines where the parameter is used"
            )
        }
        let key = String(String.UnicodeScalarView(name))
        parameters[key] = Array(rest.dropFirst())
        return true
    }

    private mutating func substituted(in line: KeepalivedLine) throws(KeepalivedLine.Flaw) -> String
    {
        var scalars = line.scalars
        var rounds = 0
        while let (range, value) = parameter(in: scalars) {
            rounds += 1
            // Before it is put in: to copy a long value for each of many lines would take its time.
            let count = scalars.count - range.count + value.count
            guard rounds <= KeepalivedBounds.substitutions, count <= KeepalivedBounds.lineScalars
            else {
                throw KeepalivedLine.Flaw(
                    message: "the parameters of this line do not come to an end",
                    columns: line.range.columns,
                    help: "does one of them contain itself?"
                )
            }
            substitutedScalars += count
            guard substitutedScalars <= KeepalivedBounds.substitutedScalars else {
                isFull = true
                throw KeepalivedLine.Flaw(
                    message: "there are too many parameters in too many lines",
                    columns: line.range.columns,
                    help: "write out the lines where they are used"
                )
            }
            scalars.replaceSubrange(range, with: value)
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The first "${NAME}", or "$NAME" before a blank, that is defined; others are plain text.
    private func parameter(
        in scalars: [Unicode.Scalar]
    ) -> (range: Range<Int>, value: [Unicode.Scalar])? {
        for start in scalars.indices where scalars[start] == "$" {
            let isBraced = start + 1 < scalars.count && scalars[start + 1] == "{"
            let name = scalars[(start + (isBraced ? 2 : 1))...].prefix { $0.isOfParameter }
            let end = name.endIndex + (isBraced ? 1 : 0)
            guard end <= scalars.count, !name.isEmpty else { continue }
            let isWhole =
                isBraced
                ? scalars[end - 1] == "}" : end == scalars.count || scalars[end].isBlank
            let key = String(String.UnicodeScalarView(name))
            guard isWhole, let value = parameters[key] else { continue }
            return (start..<end, value)
        }
        return nil
    }

    private mutating func include(
        _ tokens: [KeepalivedLine.Token],
        _ keyword: KeepalivedStatement.Word,
        of file: Int,
        depth: Int
    ) {
        let position = KeepalivedPosition(file: file, range: keyword.range)
        guard tokens.count == 2, case .word(let pattern) = tokens[1] else {
            fault(
                position,
                "'\(keyword.text)' names no file, or more than one",
                help: "patterns with braces are not understood here: write one name on each line"
            )
            return
        }
        guard depth < KeepalivedBounds.includeDepth else {
            fault(
                position,
                "files are included more than \(KeepalivedBounds.includeDepth) deep",
                help: "does one of them include itself?"
            )
            return
        }
        includes += 1
        guard includes <= KeepalivedBounds.includes else {
            overflow(
                position,
                "there are more than \(KeepalivedBounds.includes) lines that include files",
                help: "is it the right file?"
            )
            return
        }
        let isAbsolute = pattern.text.hasPrefix("/")
        let path = isAbsolute ? pattern.text : files[file].directory + pattern.text
        do throws(KeepalivedReadFailure) {
            let included = try including(path)
            if included.isEmpty {
                empty.append(statement([keyword, pattern], of: file))
            }
            for next in included where !isFull { add(next, depth: depth + 1, for: position) }
        } catch {
            cannotRead = true
            fault(position, error.message, help: error.help)
        }
        setDirectory(of: files[file])
    }

    private mutating func add(_ file: KeepalivedFile, depth: Int, for position: KeepalivedPosition)
    {
        guard files.count < KeepalivedBounds.files else {
            overflow(
                position,
                "there are more than \(KeepalivedBounds.files) files",
                help: "is it the right directory?"
            )
            return
        }
        guard octets + file.text.utf8.count <= KeepalivedBounds.octets else {
            overflow(
                position,
                "all files together are larger than \(KeepalivedBounds.octets) octets",
                help: "is it the right directory?"
            )
            return
        }
        read(file, depth: depth)
    }

    private mutating func parse(_ tokens: [KeepalivedLine.Token], of file: Int) {
        var words: [KeepalivedStatement.Word] = []
        for token in tokens {
            switch token {
            case .word(let word):
                words.append(word)
            case .open(let range):
                append(words, of: file)
                words = []
                open(KeepalivedPosition(file: file, range: range))
            case .close(let range):
                append(words, of: file)
                words = []
                close(KeepalivedPosition(file: file, range: range))
            }
        }
        append(words, of: file)
    }

    private mutating func append(_ words: [KeepalivedStatement.Word], of file: Int) {
        guard !words.isEmpty else { return }
        levels[levels.count - 1].append(statement(words, of: file))
    }

    private mutating func statement(
        _ words: [KeepalivedStatement.Word],
        of file: Int
    ) -> KeepalivedStatement {
        count += 1
        return KeepalivedStatement(
            keyword: words[0].text,
            arguments: Array(words.dropFirst()),
            position: KeepalivedPosition(file: file, range: words[0].range),
            order: count,
            block: nil
        )
    }

    private mutating func open(_ position: KeepalivedPosition) {
        guard opened.count < KeepalivedBounds.blockDepth else {
            fault(
                position,
                "blocks are more than \(KeepalivedBounds.blockDepth) deep",
                help: "is there a '}' missing above?"
            )
            return
        }
        guard let statement = levels[levels.count - 1].last, statement.block == nil else {
            fault(
                position,
                "this '{' belongs to no statement",
                help: "write it behind the statement whose block it begins"
            )
            return
        }
        levels[levels.count - 1].removeLast()
        opened.append(statement)
        levels.append([])
    }

    private mutating func close(_ position: KeepalivedPosition) {
        guard var statement = opened.popLast() else {
            fault(
                position,
                "this '}' closes nothing",
                help: "remove it, or add the '{' that it ends"
            )
            return
        }
        statement.block = levels.removeLast()
        levels[levels.count - 1].append(statement)
    }

    private mutating func fault(_ position: KeepalivedPosition, _ message: String, help: String) {
        guard faults.count < KeepalivedBounds.faults else { return }
        faults.append((position.file, Diagnostic(message, at: position.range, help: help)))
        if faults.count == KeepalivedBounds.faults { isFull = true }
    }

    /// The last fault: nothing is read behind it.
    private mutating func overflow(_ position: KeepalivedPosition, _ message: String, help: String)
    {
        fault(position, message, help: help)
        isFull = true
    }
}

extension [KeepalivedFile] {
    /// Faults with the lines that they are about, file by file.
    func rendered(_ faults: [(file: Int, diagnostic: Diagnostic)]) -> String {
        indices.compactMap { index in
            let own = faults.filter { $0.file == index }.map(\.diagnostic)
            guard !own.isEmpty else { return nil }
            return own.inOrderOfText().rendered(path: self[index].path, source: self[index].text)
        }.joined(separator: "\n")
    }
}
