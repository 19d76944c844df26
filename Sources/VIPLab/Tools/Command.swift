import Glibc

/// How a tool has ended, and what it said.
public struct ToolResult: Sendable {
    public let status: ExitStatus
    public let output: String
    /// On standard error.
    public let complaint: String

    public var isSuccess: Bool { status == .exited(0) }
    public var words: String { output + complaint }
}

/// A tool that is run to its end, with what it printed.
struct Command: Sendable {
    var arguments: [String]
    var namespace: NetworkNamespace?
    /// At most what a pipe holds (64 KiB), so that it can be written before anything is read.
    var input = ""
    var limit: Duration = .seconds(20)

    /// - Parameters:
    ///   - command: Split at blanks.
    ///   - arguments: What follows it, taken as it is.
    init(
        _ command: String,
        _ arguments: String...,
        in namespace: NetworkNamespace? = nil,
        input: String = ""
    ) {
        self.init(command.split(separator: " ").map(String.init) + arguments, in: namespace)
        self.input = input
    }

    init(_ arguments: [String], in namespace: NetworkNamespace? = nil) {
        self.arguments = arguments
        self.namespace = namespace
    }

    /// Throws if it does not end with status 0.
    @discardableResult
    func runSuccessfully() throws(LabError) -> String {
        let output = try run()
        guard output.isSuccess else {
            let complaint = output.complaint.isEmpty ? "nothing" : output.complaint
            throw LabError(
                "run '\(arguments.joined(separator: " "))'",
                found: "\(output.status), and it said: \(complaint)"
            )
        }
        return output.output
    }

    func run() throws(LabError) -> ToolResult {
        precondition(input.utf8.count <= 65_536, "the input fits in the pipe")
        let feed = try Pipe()
        let output = try Pipe()
        let error = try Pipe()
        let bytes = Array(input.utf8)
        let written = unsafe write(feed.writing, bytes, bytes.count)
        guard written == bytes.count else { throw .system("write to a pipe") }

        let child = try ChildProcess.start(
            arguments,
            in: namespace,
            streams: .init(input: feed.reading, output: output.writing, error: error.writing)
        )
        feed.closeWriting()
        output.closeWriting()
        error.closeWriting()

        var streams = [Stream(output.reading), Stream(error.reading)]
        let deadline = Moment.now + limit
        while streams.contains(where: \.isOpen), Moment.now < deadline {
            Stream.read(&streams)
        }
        guard let status = child.wait(until: deadline) else {
            child.killAndWait()
            throw LabError(
                "run '\(arguments.joined(separator: " "))'",
                found: "it had not ended after \(limit.human)"
            )
        }
        return ToolResult(status: status, output: streams[0].text, complaint: streams[1].text)
    }
}

/// One end of what a tool prints.
private struct Stream {
    let descriptor: Int32
    var octets: [UInt8] = []
    var isOpen = true

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    var text: String { String(decoding: octets, as: UTF8.self) }

    /// Waits a tenth of a second at most for any of them, and takes what there is.
    static func read(_ streams: inout [Stream]) {
        var waiting = streams.map { stream in
            pollfd(fd: stream.isOpen ? stream.descriptor : -1, events: Int16(POLLIN), revents: 0)
        }
        guard unsafe poll(&waiting, nfds_t(waiting.count), 100) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for index in streams.indices where waiting[index].revents != 0 {
            let count = unsafe Glibc.read(streams[index].descriptor, &buffer, buffer.count)
            if count > 0 {
                streams[index].octets += buffer[0..<count]
            } else {
                streams[index].isOpen = false
            }
        }
    }
}

/// A pipe whose ends are closed when it goes, and not inherited by any child.
final class Pipe {
    let reading: Int32
    private(set) var writing: Int32

    init() throws(LabError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .system("make a pipe") }
        // Children of this library close what they do not need, others leave these here.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }

    func closeWriting() {
        guard writing >= 0 else { return }
        close(writing)
        writing = -1
    }

    /// The writing end, which is the caller's to close from now on.
    func releaseWriting() -> Int32 {
        defer { writing = -1 }
        return writing
    }

    deinit {
        close(reading)
        closeWriting()
    }
}
