import CNetlink
import Glibc

/// A file descriptor with one owner, closed when that lets go of it.
package struct Descriptor: ~Copyable {
    package let number: Int32

    package init(owning number: Int32) {
        precondition(number >= 0, "\(number) is no descriptor")
        self.number = number
    }

    deinit { _ = close(number) }

    /// Hands the number over to the caller, who closes it from now on.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Lets the descriptor outlive an execve, or not. Descriptors begin as not.
    package func setCloseOnExec(_ on: Bool) throws(SystemError) {
        try SystemCall.check("fcntl", on: "descriptor \(number)") {
            vip_set_close_on_exec(number, on ? 1 : 0)
        }
    }
}
