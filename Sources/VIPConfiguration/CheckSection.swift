import VIPNet

/// A check as far as it could be read.
struct CheckDraft {
    static let kinds = ["http", "tcp", "exec", "process"]
    static let keys = ["name"] + kinds + ["interval", "timeout", "fall", "rise"]

    var name: Located<String>?
    var kind: Check.Kind?
    var interval = Duration.seconds(1)
    var timeout = Duration.milliseconds(500)
    var fall = 3
    var rise = 2

    init(_ section: Section, into report: inout Report) {
        name = section.name(example: "haproxy", into: &report)
        kind = Self.kind(of: section, into: &report)
        let errorsBefore = report.errors
        let intervals = ConfigurationBounds.checkInterval
        interval = section.duration("interval", in: intervals, into: &report)?.value ?? interval
        let longest = report.errors == errorsBefore ? interval : intervals.upperBound
        let timeouts = ConfigurationBounds.shortestCheckTimeout...longest
        if let written = section.duration("timeout", in: timeouts, into: &report) {
            timeout = written.value
        } else {
            timeout = min(timeout, longest)
        }
        let counts = ConfigurationBounds.checkCount
        fall = section.integer("fall", in: counts, into: &report) ?? fall
        rise = section.integer("rise", in: counts, into: &report) ?? rise

        report.warn(
            "checks are not run by this version of vip-agent",
            at: section.header,
            help: "the section is validated and has no effect; until then, watch the service by"
                + " other means"
        )
    }

    var check: Check? {
        guard let name, let kind else { return nil }
        return Check(
            name: name.value,
            kind: kind,
            interval: interval,
            timeout: timeout,
            fall: fall,
            rise: rise
        )
    }

    private static func kind(of section: Section, into report: inout Report) -> Check.Kind? {
        let written = kinds.compactMap { section.node($0) }
        guard let first = written.first else {
            report.error(
                "[[check]] does not say what to check",
                at: section.header,
                help: "add one of http = \"http://127.0.0.1:8404/health\", tcp = \"127.0.0.1:80\","
                    + " exec = [\"/usr/bin/true\"], process = \"haproxy\""
            )
            return nil
        }
        if written.count > 1 {
            report.error(
                "'\(written[1].key)' is a second thing to check, beside '\(first.key)'",
                at: written[1].keyRange,
                help: "write a [[check]] of its own for it"
            )
        }
        switch first.key {
        case "http": return http(section, into: &report)
        case "tcp": return tcp(section, into: &report)
        case "exec": return exec(section, into: &report)
        default: return process(section, into: &report)
        }
    }

    private static func http(_ section: Section, into report: inout Report) -> Check.Kind? {
        guard let url = section.string("http", into: &report) else { return nil }
        let scheme = "http://"
        let authority = url.value.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        let isPrintable = url.value.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard url.value.hasPrefix(scheme), isPrintable, !authority.contains("@"),
            HostAndPort(parsing: String(authority)) != nil
        else {
            report.error(
                "\(url.value.quoted) is not a URL that can be checked",
                at: url.range,
                help: "write http://, a host, and perhaps a port and a path, such as"
                    + " http://127.0.0.1:8404/health; https is not spoken"
            )
            return nil
        }
        return .http(url: url.value)
    }

    private static func tcp(_ section: Section, into report: inout Report) -> Check.Kind? {
        guard let text = section.string("tcp", into: &report) else { return nil }
        let isPrintable = text.value.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard isPrintable, let parts = HostAndPort(parsing: text.value), let port = parts.port
        else {
            report.error(
                "\(text.value.quoted) is not a host and a port",
                at: text.range,
                help: "write 127.0.0.1:80 or [::1]:80"
            )
            return nil
        }
        return .tcp(host: parts.host, port: port)
    }

    private static func exec(_ section: Section, into report: inout Report) -> Check.Kind? {
        guard let words = section.strings("exec", into: &report) else { return nil }
        let isAllowed =
            (1...ConfigurationBounds.wordsOfCommand).contains(words.count)
            && words.allSatisfy { !$0.value.utf8.contains(0) }
        guard isAllowed, words[0].value.hasPrefix("/") else {
            report.error(
                "'exec' is not a command",
                at: section.node("exec")?.range,
                help: "write an absolute path and its arguments, 64 words at most, such as"
                    + " [\"/usr/bin/pgrep\", \"haproxy\"]; no shell reads it"
            )
            return nil
        }
        return .exec(words.map(\.value))
    }

    private static func process(_ section: Section, into report: inout Report) -> Check.Kind? {
        guard let name = section.string("process", into: &report) else { return nil }
        let isAllowed =
            ConfigurationBounds.processOctets.contains(name.value.utf8.count)
            && !name.value.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
        guard isAllowed else {
            report.error(
                "\(name.value.quoted) is not the name of a process",
                at: name.range,
                help: "the kernel keeps 15 characters of it; `ps -eo comm` lists them"
            )
            return nil
        }
        return .process(name.value)
    }
}
