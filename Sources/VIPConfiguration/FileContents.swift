import Glibc

/// Reading small files whole, with errors that an operator can act on.
package enum FileContents {
    package struct Failure: Error {
        package var message: String
        package var help: String

        package init(
            message: String,
            help: String
        ) {
            self.message = message
            self.help = help
        }
    }

    /// - Parameters:
    ///   - limit: The most octets that are read; more is an error.
    ///   - what: What the file is, for messages.
    package static func text(
        of path: String,
        atMost limit: Int,
        what: String
    ) throws(Failure) -> String {
        let descriptor = try open(path, what: what)
        defer { _ = close(descriptor) }
        return try text(of: descriptor, atMost: limit, path: path, what: what)
    }

    package static func text(
        of descriptor: Int32,
        atMost limit: Int,
        path: String,
        what: String
    ) throws(Failure) -> String {
        let octets = try octets(of: descriptor, atMost: limit, path: path, what: what)
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw Failure(
                message: "line \(lineOfFirstInvalid(in: octets)) is not UTF-8",
                help: "save the file as UTF-8; `iconv -f latin1 -t utf-8` converts it"
            )
        }
        return text
    }

    /// Does not wait for whoever writes into a pipe, and does not outlive an exec.
    package static func open(_ path: String, what: String) throws(Failure) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            let help =
                switch code {
                case ENOENT: absenceHelp(path, what: what)
                case EACCES: accessHelp(path, what: what)
                default: "see `ls -l \(path)`"
                }
            throw Failure(
                message: "the \(what) cannot be opened: \(errorText(code))",
                help: help
            )
        }
        return descriptor
    }

    private static func absenceHelp(_ path: String, what: String) -> String {
        guard what == "key" else {
            return "for a new cluster, `vip-agent init` writes one, and a key; for one that is "
                + "there, copy both from another host"
        }
        let owner = User(named: User.serviceName).map { "-o \($0.name) -g \($0.name) " } ?? ""
        return "it is the same on every host of the cluster: copy it from another, and "
            + "`install \(owner)-m 0600 KEY \(path)`"
    }

    /// A key is for its owner alone; a configuration seldom has secrets.
    private static func accessHelp(_ path: String, what: String) -> String {
        let user = User.ofThisProcess
        // Whoever is neither root nor the user of the unit is an operator, and not to be given it.
        if let service = User(named: User.serviceName), service.number != user.number {
            return "\(user.name) may not read it: run this as root or as \(service.name)"
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return
                "the agent runs as user \(user.name), who may not look into a directory of the path:"
                + " see `namei -l \(path)`"
        }
        let command =
            what != "key"
            ? "chmod a+r \(path), or if it has secrets: chgrp \(user.name) \(path) && chmod g+r \(path)"
            : status.st_uid == geteuid() ? "chmod 600 \(path)" : "chown \(user.owner) \(path)"
        return "the agent runs as user \(user.name): \(command)"
    }

    static func octets(
        of descriptor: Int32,
        atMost limit: Int,
        path: String,
        what: String
    ) throws(Failure) -> [UInt8] {
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 {
                let code = errno
                throw Failure(
                    message: "the \(what) cannot be read: \(errorText(code))",
                    help: "see `ls -l \(path)`; a plain file is wanted"
                )
            }
            if count == 0 { return octets }
            octets += chunk.prefix(count)
            guard octets.count <= limit else {
                throw Failure(
                    message: "the \(what) is larger than \(limit) octets",
                    help: "see `head \(path)`; is it the right file?"
                )
            }
        }
    }

    /// The kernel's own words, and the number that manuals list them under.
    static func errorText(_ code: Int32) -> String {
        let words = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "unknown error"
        return "\(words) (errno \(code))"
    }

    private static func lineOfFirstInvalid(in octets: [UInt8]) -> Int {
        let lines = octets.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let invalid = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (invalid ?? 0) + 1
    }
}
