/// The daemon's answer: one JSON document, after which it closes the connection.
///
///     {"ok":true,"message":"…","payload":…}
///     {"ok":false,"code":"not_owner","error":"…","help":"…"}
public enum ControlReply: Equatable, Sendable {
    /// Done. `message` says what, for people, and may be empty; `payload` is the report asked for.
    case done(message: String, payload: JSONValue?)
    /// Not done, and nothing has changed.
    case refused(ControlRefusal)

    /// The answer to `status`.
    public static func status(_ report: StatusReport) -> ControlReply {
        .done(message: "", payload: report.json)
    }

    /// The answer to `history`, oldest first.
    public static func history(_ entries: [HistoryEntry]) -> ControlReply {
        .done(message: "", payload: entries.json)
    }

    /// The answer to a line that is not a request.
    public static func malformed(_ error: ControlRequestError) -> ControlReply {
        .refused(ControlRefusal(.badRequest, error.description, help: error.help))
    }

    /// The answer as it goes over the socket, with a line feed at its end.
    public func serialized() -> String {
        json.serialized() + "\n"
    }
}

/// Why a request was refused.
public struct ControlRefusal: Error, Equatable, Sendable {
    /// For programs. An open set: a client may meet one that it does not know.
    public struct Code: RawRepresentable, Equatable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The request could not be understood.
        public static let badRequest = Code(rawValue: "bad_request")
        /// No group of that name is configured.
        public static let unknownGroup = Code(rawValue: "unknown_group")
        /// No node of that name is configured.
        public static let unknownNode = Code(rawValue: "unknown_node")
        /// This host would have to own the group, and does not.
        public static let notOwner = Code(rawValue: "not_owner")
        /// The other host cannot take over now.
        public static let notReady = Code(rawValue: "not_ready")
        /// It would break the promise that at most one host answers.
        public static let unsafe = Code(rawValue: "unsafe")
        /// This host, or this version, does not do that.
        public static let unsupported = Code(rawValue: "unsupported")
        /// Too many are asking at the same time.
        public static let busy = Code(rawValue: "busy")
        /// It was tried and did not work.
        public static let failed = Code(rawValue: "failed")
    }

    public var code: Code
    /// What was refused, and why: one sentence for people.
    public var error: String
    /// What to do.
    public var help: String?

    public init(_ code: Code, _ error: String, help: String? = nil) {
        self.code = code
        self.error = error
        self.help = help
    }
}

extension ControlReply: JSONRepresentable {
    public var json: JSONValue {
        switch self {
        case .done(let message, let payload):
            JSONValue(fields: ["ok": true, "message": message, "payload": payload])
        case .refused(let refusal):
            JSONValue(fields: [
                "ok": false, "code": refusal.code.rawValue, "error": refusal.error,
                "help": refusal.help,
            ])
        }
    }

    public init(json: JSONReader) throws(JSONShapeError) {
        let isOK: Bool = try json.field("ok")
        guard isOK else {
            let code: String = try json.field("code")
            let refusal = ControlRefusal(
                .init(rawValue: code),
                try json.field("error"),
                help: try json.field("help")
            )
            self = .refused(refusal)
            return
        }
        let message: String? = try json.field("message")
        self = .done(message: message ?? "", payload: try json.field("payload"))
    }
}
