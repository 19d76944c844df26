import VIPControl

/// What the lab asks of agents, in the product's own types: what operators script against is held
/// by `StatusContractTests`, which reads the JSON without them.
extension StatusReport {
    /// The group of that name.
    public func group(_ name: String) -> GroupStatus? { groups.first { $0.name == name } }

    public func voter(_ name: String) -> VoterStatus? { voters.first { $0.name == name } }

    /// What `vipctl status --json` says; it ends with 1 where not all is well.
    ///
    /// - Parameter agent: Who was asked.
    init(_ answer: ToolResult, of agent: String, advice: String? = nil) throws(LabError) {
        let attempted = "ask \(agent) for its status"
        guard [.exited(0), .exited(1)].contains(answer.status) else {
            let found = "vipctl \(answer.status): \(answer.words)"
            throw LabError(attempted, found: found, advice: advice)
        }
        self = try parsed(answer, attempted)
    }
}

extension DroppedFrames {
    /// For that reason; none where it is not known.
    public subscript(reason: String) -> UInt64 { counts.first { $0.reason == reason }?.count ?? 0 }

    /// For whatever reason.
    public var total: UInt64 { counts.reduce(0) { $0 + $1.count } }
}

extension HistoryEntry {
    /// Everything that it says, to look for words in.
    public var text: String {
        [event, state, was, owner, reason].compactMap(\.self).joined(separator: " ")
    }

    static func list(_ answer: ToolResult, of agent: String) throws(LabError) -> [HistoryEntry] {
        let attempted = "ask \(agent) for its history"
        guard answer.isSuccess else {
            throw LabError(attempted, found: "vipctl \(answer.status): \(answer.words)")
        }
        return try parsed(answer, attempted)
    }
}

/// What an agent has said as JSON.
private func parsed<Report: JSONRepresentable>(
    _ answer: ToolResult,
    _ attempted: String
) throws(LabError) -> Report {
    do {
        return try Report(json: JSONReader(JSONValue(parsing: answer.output)))
    } catch {
        throw LabError(attempted, found: "\(error), in: \(answer.output)")
    }
}

extension StatusReport {
    /// Asks every 10 ms until the answer is as wished for. An agent that does not answer yet is
    /// asked again.
    ///
    /// - Parameter isAlive: Throws if there is no sense in asking.
    static func wait(
        _ what: String,
        within limit: Duration,
        _ isAsWished: (StatusReport) -> Bool,
        asking status: () throws(LabError) -> StatusReport,
        isAlive: () throws(LabError) -> Void = { () throws(LabError) in },
        advice: () -> String
    ) throws(LabError) -> StatusReport {
        let deadline = Moment.now + limit
        var last = "it could not be asked"
        while Moment.now < deadline {
            try isAlive()
            do throws(LabError) {
                let status = try status()
                if isAsWished(status) { return status }
                last = "\(status)"
            } catch {
                last = "\(error)"
            }
            sleep(for: .milliseconds(10))
        }
        throw LabError("\(what) within \(limit.human)", found: last, advice: advice())
    }
}
