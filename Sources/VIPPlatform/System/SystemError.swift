import CNetlink
import Glibc

/// What the kernel refused: the call, what it was about, and what came back.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system call or request, such as `bind`.
    package var call: String
    /// What it was applied to, such as `udp 0.0.0.0:7694`.
    package var subject: String
    package var errno: Int32
    /// The kernel's own words, where it has any (netlink's extended acknowledgment).
    package var detail: String?
    /// What to do about it, where whoever asked knows better than can be told from the number.
    package var advice: String?

    package init(call: String, on subject: String, errno: Int32, detail: String? = nil) {
        self.call = call
        self.subject = subject
        self.errno = errno
        self.detail = detail
    }

    package var description: String {
        var text = "\(call) \(subject): \(Self.name(of: errno)) (\(Self.text(of: errno)))"
        if let detail, !detail.isEmpty { text += ": \(detail)" }
        if let hint { text += "; \(hint)" }
        return text
    }

    /// What to do about it, where that can be known.
    package var hint: String? {
        if let advice { return advice }
        return switch errno {
        case EPERM, EACCES:
            switch call {
            case "RTM_NEWADDR" where errno == EACCES:
                "IPv6 is switched off there (net.ipv6.conf.INTERFACE.disable_ipv6)"
            case "execve": "it has to be a program, with the right to run it"
            case "bind", "connect", "open", "mkdir", "unlink", "chown", "chmod", "rename":
                "check the owner and the mode of the path, and the capabilities of the service"
            case Gate.loadCall, Gate.attachCall:
                "it needs CAP_BPF and CAP_NET_ADMIN, and a kernel or container that allows eBPF"
            default:
                "it needs CAP_NET_ADMIN and CAP_NET_RAW: run it from its unit, or as root"
            }
        case EEXIST where call == Gate.attachCall:
            "another qdisc has the place of clsact there: 'tc qdisc show' names it"
        case EADDRINUSE: "is another agent, or another program, using it?"
        case EADDRNOTAVAIL: "the address is not on this host (yet)"
        case ENODEV, ENXIO: "the interface is not there (yet)"
        case ENETUNREACH, EHOSTUNREACH: "there is no route to it"
        case EMFILE: "raise LimitNOFILE"
        case ENOTSOCK: "something else is at that path: move it away"
        case ENOENT where call == "mkdir": "the directory above it is not there: make it first"
        case ELOOP where call == "open": "it is a symbolic link, and the agent follows none there"
        case ENOSPC: "the file system is full"
        case EROFS: "the file system is read-only"
        default: nil
        }
    }

    /// `EPERM` for 1; a number unknown to the C library stays a number.
    package static func name(of errno: Int32) -> String {
        guard let name = unsafe vip_errno_name(errno) else { return "errno \(errno)" }
        return unsafe String(cString: name)
    }

    package static func text(of errno: Int32) -> String {
        guard let text = unsafe vip_errno_text(errno) else { return "unknown error" }
        return unsafe String(cString: text)
    }
}

/// The one door to the kernel: repeats what a signal interrupted, and names the call in its error.
package enum SystemCall {
    /// For calls of the C library: negative means that errno says why.
    @discardableResult
    package static func run<Number: FixedWidthInteger & SignedInteger>(
        _ call: String,
        on subject: @autoclosure () -> String,
        _ body: () -> Number
    ) throws(SystemError) -> Number {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = Glibc.errno
            if code != EINTR { throw SystemError(call: call, on: subject(), errno: code) }
        }
    }

    /// For the shims, which return the negated errno.
    @discardableResult
    package static func check<Number: FixedWidthInteger & SignedInteger>(
        _ call: String,
        on subject: @autoclosure () -> String,
        _ body: () -> Number
    ) throws(SystemError) -> Number {
        let result = repeating(body)
        if result >= 0 { return result }
        throw SystemError(call: call, on: subject(), errno: Int32(-result))
    }

    /// A shim's result as it is, but for EINTR.
    package static func repeating<Number: FixedWidthInteger & SignedInteger>(
        _ body: () -> Number
    ) -> Number {
        while true {
            let result = body()
            if result != Number(-EINTR) { return result }
        }
    }
}
