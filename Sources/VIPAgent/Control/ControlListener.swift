import CNetlink
import Glibc
import VIPPlatform

/// Makes the control socket's file.
enum ControlListener {
    static func listen(path: String, group: UInt32?) throws(SystemError) -> Descriptor {
        try removeStale(path)
        let number = try SystemCall.check("socket", on: path) {
            vip_socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        }
        let listener = Descriptor(owning: number)
        // The file gets the mode that its socket has, so that it never has another one.
        try SystemCall.run("chmod", on: path) { fchmod(listener.number, 0o660) }
        try SystemCall.check("bind", on: path) { unsafe vip_unix_bind(listener.number, path) }
        try SystemCall.run("chmod", on: path) { unsafe chmod(path, 0o660) }
        if let group, unsafe chown(path, uid_t.max, group) != 0, errno != EPERM {
            throw SystemError(call: "chown", on: path, errno: errno)
        }
        try SystemCall.run("listen", on: path) {
            Glibc.listen(listener.number, Int32(ControlSocket.mostClients))
        }
        return listener
    }

    /// Only a refused connection proves that nobody listens, and only if it is a socket that
    /// refuses it: anything else is not ours to remove.
    private static func removeStale(_ path: String) throws(SystemError) {
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
            throw SystemError(call: "bind", on: path, errno: ENOTSOCK)
        }
        let number = try SystemCall.check("socket", on: path) {
            vip_socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        }
        let probe = Descriptor(owning: number)
        let result = SystemCall.repeating { unsafe vip_unix_connect(probe.number, path) }
        switch -result {
        case ENOENT: return
        case ECONNREFUSED: try SystemCall.run("unlink", on: path) { unsafe unlink(path) }
        case 0, EAGAIN: throw SystemError(call: "bind", on: path, errno: EADDRINUSE)
        default: throw SystemError(call: "connect", on: path, errno: -result)
        }
    }
}
