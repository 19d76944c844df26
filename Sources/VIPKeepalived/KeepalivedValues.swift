import VIPConfiguration
import VIPNet

/// Reading single values; what is wrong with one is a fault at its position.
extension KeepalivedReader {
    /// The name of a block, as a name of ours.
    mutating func name(of statement: KeepalivedStatement) -> String? {
        guard let word = statement.arguments.first, !word.text.isEmpty else {
            missing("name", behind: statement, such: "VI_1")
            return nil
        }
        let name = word.text.asName
        if name != word.text {
            findings.remark(
                .note,
                on: statement,
                "called \(name.quoted): names are 1 to 63 characters of A-Z, a-z, 0-9, '.', '_', '-'"
            )
        }
        return name
    }

    mutating func missing(_ what: String, behind statement: KeepalivedStatement, such: String) {
        findings.fault(
            "\(statement.keyword.quoted) has no \(what)",
            at: statement.position,
            help: "write \(statement.keyword) \(such)"
        )
    }

    /// keepalived's times are numbers of seconds, with or without a fraction.
    mutating func seconds(
        _ statement: KeepalivedStatement,
        in allowed: ClosedRange<Duration>
    ) -> Duration? {
        guard let word = statement.arguments.first else {
            missing("number of seconds", behind: statement, such: "5")
            return nil
        }
        let text = word.text.hasPrefix(".") ? "0\(word.text)" : word.text
        guard let duration = Duration(parsing: "\(text)s") else {
            findings.fault(
                "\(word.text.quoted) is not a number of seconds",
                at: statement.position(of: word),
                help: "write 5 or 0.5"
            )
            return nil
        }
        return clamped(duration, to: allowed, text: \.text, on: statement)
    }

    mutating func number(
        _ statement: KeepalivedStatement,
        in allowed: ClosedRange<Int>
    ) -> Int? {
        guard let word = statement.arguments.first else {
            missing("number", behind: statement, such: "3")
            return nil
        }
        guard let number = Int(word.text) else {
            findings.fault(
                "\(word.text.quoted) is not a whole number",
                at: statement.position(of: word),
                help: "write 3"
            )
            return nil
        }
        return clamped(number, to: allowed, text: \.description, on: statement)
    }

    private mutating func clamped<Value: Comparable>(
        _ value: Value,
        to allowed: ClosedRange<Value>,
        text: (Value) -> String,
        on statement: KeepalivedStatement
    ) -> Value {
        let clamped = min(max(value, allowed.lowerBound), allowed.upperBound)
        if clamped != value {
            findings.remark(
                .note,
                on: statement,
                "\(text(clamped)): allowed is \(text(allowed.lowerBound)) to"
                    + " \(text(allowed.upperBound))"
            )
        }
        return clamped
    }

    mutating func address(
        _ word: KeepalivedStatement.Word,
        of statement: KeepalivedStatement
    ) -> IPAddress? {
        guard let address = IPAddress(parsing: word.text) else {
            findings.fault(
                "\(word.text.quoted) is not an address",
                at: statement.position(of: word),
                help: "write 10.77.0.1 or fd77::1; names and zones are not looked up"
            )
            return nil
        }
        return address
    }

    /// A line of virtual_ipaddress: an address, perhaps a length, and options as of `ip address`.
    mutating func floating(_ statement: KeepalivedStatement) -> Address? {
        let parts = statement.keyword.split(separator: "/", maxSplits: 1)
        let text = parts.first.map(String.init) ?? ""
        let word = KeepalivedStatement.Word(text: text, range: statement.position.range)
        guard let address = address(word, of: statement) else { return nil }
        let length = parts.count == 2 ? String(parts[1]) : nil
        if let length, length != "\(address.bitWidth)" {
            findings.remark(
                .note,
                on: statement,
                "installed as /\(address.bitWidth): the host needs an address of its own in that"
                    + " subnet, or a route to it"
            )
        }
        return Address(
            address: address,
            interface: options(of: statement),
            statement: statement
        )
    }

    private static let optionsWithValue = [
        "dev", "brd", "broadcast", "label", "scope", "peer", "preferred_lft",
    ]

    /// What stands behind an address. The interface, if one is named.
    private mutating func options(of statement: KeepalivedStatement) -> String? {
        var interface: String?
        var unneeded: [String] = []
        var words = statement.arguments.map(\.text)[...]
        while let option = words.popFirst() {
            let value = Self.optionsWithValue.contains(option) ? words.popFirst() : nil
            guard let row = rows[.address]?[option] else {
                findings.remark(
                    .warning,
                    on: statement,
                    "\(option.quoted) is not known as an option of an address, and left out"
                )
                continue
            }
            switch row.counterpart {
            case .same, .changed: interface = value
            case .unneeded: unneeded.append(option)
            case .none: findings.remark(.warning, on: statement, "no counterpart: \(row.advice)")
            }
        }
        if !unneeded.isEmpty {
            findings.remark(
                .note,
                on: statement,
                "not needed: \(unneeded.joined(separator: ", "))"
            )
        }
        return interface
    }
}

extension String {
    /// As a name of a group or check, with '-' for what names don't have.
    var asName: String {
        let scalars = unicodeScalars.prefix(ConfigurationBounds.nameOctets.upperBound)
        var name = String.UnicodeScalarView()
        for scalar in scalars {
            let isAllowed = scalar.isOfParameter || scalar == "." || scalar == "-"
            name.append(isAllowed ? scalar : "-")
        }
        return String(name)
    }

    /// Cut into words as keepalived does for the commands of scripts: single quotes hold together.
    var asCommand: [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in unicodeScalars {
            if character == "'" {
                isQuoted.toggle()
                word = word ?? ""
            } else if character.isBlank, !isQuoted {
                if let word { words.append(word) }
                word = nil
            } else {
                word = word ?? ""
                word?.unicodeScalars.append(character)
            }
        }
        if let word { words.append(word) }
        return words
    }
}
