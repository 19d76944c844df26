import CNetlink
import Glibc

/// What the memory of a process is worth: this boot of this kernel, and this network namespace.
package struct BootIdentity: Equatable, Sendable {
    /// The kernel's boot id, its first octets first. A container's is its host's.
    package var bootHigh: UInt64
    package var bootLow: UInt64
    /// Device and inode of the network namespace. Inodes are used again once the namespace is gone,
    /// and with it the gate.
    package var namespaceDevice: UInt64
    package var namespaceInode: UInt64

    package init(bootHigh: UInt64, bootLow: UInt64, namespaceDevice: UInt64, namespaceInode: UInt64)
    {
        self.bootHigh = bootHigh
        self.bootLow = bootLow
        self.namespaceDevice = namespaceDevice
        self.namespaceInode = namespaceInode
    }

    /// Of this thread.
    package static func current() throws(SystemError) -> BootIdentity {
        let boot = try readBootID()
        let path = "/proc/thread-self/ns/net"
        var status = stat()
        try SystemCall.run("stat", on: path) { unsafe stat(path, &status) }
        return BootIdentity(
            bootHigh: boot.high,
            bootLow: boot.low,
            namespaceDevice: UInt64(status.st_dev),
            namespaceInode: UInt64(status.st_ino)
        )
    }

    private static func readBootID() throws(SystemError) -> (high: UInt64, low: UInt64) {
        let path = "/proc/sys/kernel/random/boot_id"
        let octets = try WholeFile.read(path, most: 64)
        guard let identifier = parse(octets) else {
            let found = String(decoding: octets, as: UTF8.self)
            throw SystemError(call: "read", on: path, errno: EINVAL, detail: "found \(found)")
        }
        return identifier
    }

    /// A UUID's 32 digits; hyphens and line ends don't matter.
    package static func parse(_ octets: [UInt8]) -> (high: UInt64, low: UInt64)? {
        let digits = String(decoding: octets, as: UTF8.self)
            .filter { $0 != "-" && !$0.isWhitespace }
        guard digits.utf8.count == 32,
            let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        return (high, low)
    }
}
