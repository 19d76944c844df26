import CNetlink
import Glibc
import VIPControl
import VIPPlatform

/// One connection to the control socket: the line that comes in, and the octets that go out.
final class ControlConnection {
    enum Input: Equatable {
        /// The line isn't complete yet, or there is nothing more to read.
        case more
        case line(String)
        case invalid(ControlRequestError)
        /// The client has gone without asking.
        case gone
    }

    enum Output: Equatable {
        case done
        /// Some octets have gone out, others wait.
        case progress
        /// Nothing could go out.
        case stuck
        case failed
    }

    struct Watched: Equatable {
        var reading: Bool
        var writing: Bool
    }

    let descriptor: Descriptor
    let number: UInt64
    /// Who has connected.
    let user: uid_t
    /// On CLOCK_BOOTTIME; nil while it is us who take the time.
    var deadline: Int64?
    /// Nothing comes after what is queued.
    var isClosing = false
    /// What the event loop watches this client for.
    var watched = Watched(reading: true, writing: false)

    private var input: [UInt8] = []
    /// Its line has been read. What comes after it is never read, not even its end: a client may
    /// close its side after the line and still wait for the answer.
    private(set) var hasAsked = false
    private var output: [UInt8] = []
    private var written = 0

    init(
        owning descriptor: consuming Descriptor,
        number: UInt64,
        user: uid_t,
        deadline: Int64
    ) {
        self.descriptor = descriptor
        self.number = number
        self.user = user
        self.deadline = deadline
    }

    var pendingCount: Int { output.count - written }

    /// Neither a part of its line has been read, nor does anything wait to be written.
    var isBetweenWords: Bool { (hasAsked || input.isEmpty) && pendingCount == 0 }

    /// Its line was read by the program that this process was before.
    func continueAfterAsking() { hasAsked = true }

    func enqueue(_ octets: [UInt8], until deadline: Int64) {
        if pendingCount == 0 {
            self.deadline = deadline
            output.removeAll(keepingCapacity: true)
            written = 0
        }
        output += octets
    }

    func read(longest: Int) -> Input {
        var buffer = [UInt8](repeating: 0, count: longest + 1)
        let room = buffer.count
        let count = SystemCall.repeating {
            let count = unsafe recv(descriptor.number, &buffer, room, 0)
            return count < 0 ? -Int(errno) : count
        }
        if count == -Int(EAGAIN) { return .more }
        guard count > 0 else { return .gone }
        input += buffer.prefix(count)
        guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else {
            guard input.count <= longest else {
                hasAsked = true
                return .invalid(.tooLong)
            }
            return .more
        }
        hasAsked = true
        guard end <= longest else {
            return .invalid(.tooLong)
        }
        guard end + 1 == input.count else {
            return .invalid(.severalLines)
        }
        guard let line = String(validating: input[..<end], as: UTF8.self) else {
            return .invalid(.encoding)
        }
        return .line(line)
    }

    func flush() -> Output {
        var result = Output.stuck
        while pendingCount > 0 {
            let count = SystemCall.repeating {
                let count = unsafe output.withUnsafeBytes { octets in
                    unsafe send(
                        descriptor.number,
                        octets.baseAddress! + written,
                        octets.count - written,
                        Int32(MSG_NOSIGNAL)
                    )
                }
                return count < 0 ? -Int(errno) : count
            }
            if count == -Int(EAGAIN) { return result }
            guard count > 0 else { return .failed }
            written += count
            result = .progress
        }
        return .done
    }
}
