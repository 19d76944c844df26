import ArgumentParser
import VIPControl

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who owns what, what the kernel has, and who hears whom.",
        discussion: """
            What is degraded comes first. A cluster is well when it can stand a failure: \
            without its witness it is degraded, though clients notice nothing.

            Exit status:
              0   all is healthy; with --watch: ended by Ctrl-C
              1   degraded
              2   the agent cannot be reached, or does not answer
              64  wrong usage
            """
    )

    /// Shorter would show nothing new, and longer is no watch.
    private static let intervals = 0.1...3_600

    @Flag(help: "Print the report as JSON; with --watch, one line a report.")
    var json = false

    @Option(
        defaultAsFlag: "1",
        help: ArgumentHelp(
            "Go on, and show it anew at this interval, agent there or not.",
            valueName: "seconds"
        )
    )
    var watch: String?

    @OptionGroup var connection: Connection

    func validate() throws {
        guard let watch, interval == nil else { return }
        throw ValidationError("--watch takes 0.1 to 3600 seconds, and not '\(printable(watch))'")
    }

    /// `--watch=2` as two words: with another option behind it, ArgumentParser 1.8 drops what
    /// stands behind the sign, whatever it is.
    static func separatingWatch(_ argument: String) -> [String] {
        let mark = "--watch="
        guard argument.hasPrefix(mark) else { return [argument] }
        return ["--watch", String(argument.dropFirst(mark.count))]
    }

    /// Read here: of a text that is no number, the parser would make what a lone flag means.
    private var interval: Double? {
        guard let watch, let interval = Double(watch), Self.intervals.contains(interval) else {
            return nil
        }
        return interval
    }

    func run() throws {
        if let interval { try keepWatching(every: interval) }
        let (report, payload): (StatusReport, JSONValue?) = try connection.report(for: .status)
        Terminal.write(
            json
                ? report.document(payload, .indented) + "\n"
                : StatusPage(report, for: Terminal.presentation).text
        )
        guard report.isHealthy else { throw ExitCode.refused }
    }

    private func keepWatching(every interval: Double) throws -> Never {
        Terminal.endCleanlyWhenInterrupted()
        let isRedrawn = Terminal.isInteractive && !json
        if isRedrawn { Terminal.write("\u{1B}[2J") }
        while true {
            let page = watchedPage(try connection.client)
            Terminal.write(isRedrawn ? Self.redrawn(page) : page)
            Terminal.sleep(seconds: interval)
        }
    }

    /// The page of this moment. An agent that cannot be reached is news, and no reason to end.
    private func watchedPage(_ client: ControlClient) -> String {
        let now = WallClock.now.rfc3339(.seconds)
        do throws(ControlClientError) {
            switch try client.ask(.status) {
            case .refused(let refusal):
                return failure("refused: " + refusal.error, at: now)
            case .done(_, let payload):
                let report: StatusReport = try client.read(payload)
                if json { return report.document(payload, .compact) + "\n" }
                return now + "  " + StatusPage(report, for: Terminal.presentation).text + "\n"
            }
        } catch {
            return failure("\(error)", at: now)
        }
    }

    private func failure(_ text: String, at now: String) -> String {
        if json {
            return JSONValue(fields: ["at": now, "error": text]).serialized() + "\n"
        }
        return "\(now)  UNREACHABLE: \(printable(text))\n\n"
    }

    /// Drawn over what is there, line by line, without a blank moment in between.
    private static func redrawn(_ page: String) -> String {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        return "\u{1B}[H" + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[J"
    }
}

extension StatusReport {
    /// As the agent sent it, with what a newer one may say beyond this version.
    fileprivate func document(_ payload: JSONValue?, _ layout: JSONValue.Layout) -> String {
        (payload ?? json).serialized(layout)
    }
}
