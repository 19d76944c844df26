import CNetlink
import Glibc

/// A socket that was left to this process, by the program before it or by the service manager. It
/// is asked what it is before anybody relies on it, and nothing is set up on it a second time: much
/// of that the kernel refuses once a socket is in use.
package struct InheritedSocket {
    let number: Int32
    /// As it stands in errors.
    let subject: String

    private enum Option {
        // asm-generic/socket.h; not every libc has names for all of them.
        static let type: Int32 = 3
        static let listening: Int32 = 30
        static let domain: Int32 = 39
    }

    /// - Parameter name: what it should be, such as `udp [::]:7694`.
    package init(_ number: Int32, as name: String) {
        self.number = number
        subject = name
    }

    /// Sees that it is a socket of this kind, and leaves it closed to what this process starts.
    package func require(domain: Int32, type: __socket_type) throws(SystemError) {
        guard try option(SOL_SOCKET, Option.domain) == domain,
            try option(SOL_SOCKET, Option.type) == Int32(type.rawValue)
        else { throw refusal("it is a socket of another kind") }
        try SystemCall.check(Self.call, on: subject) { vip_set_close_on_exec(number, 1) }
    }

    /// Sees that others can connect to it.
    package func requireListening() throws(SystemError) {
        guard try option(SOL_SOCKET, Option.listening) == 1 else {
            throw refusal("nobody can connect to it")
        }
    }

    /// Sees that it is where this process is. A service manager may have started the process in
    /// another network namespace than the one before it.
    package func requireNetwork() throws(SystemError) {
        var (its, ours) = (UInt64(0), UInt64(0))
        let probe = try SystemCall.check("socket", on: subject) {
            vip_socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        }
        defer { close(probe) }
        // A kernel that has no such number is believed.
        guard unsafe vip_network_cookie(number, &its) == 0,
            unsafe vip_network_cookie(probe, &ours) == 0
        else { return }
        guard its == ours else { throw refusal("it is in another network namespace") }
    }

    func option(_ level: Int32, _ option: Int32) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        try SystemCall.check(Self.call, on: subject) {
            unsafe vip_get_option(number, level, option, &value)
        }
        return value
    }

    static let call = "take over"

    func refusal(_ reason: String) -> SystemError {
        SystemError(call: Self.call, on: subject, errno: EINVAL, detail: reason)
    }
}
