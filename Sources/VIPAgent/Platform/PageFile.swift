import CNetlink
import Glibc
import Synchronization

/// Small records that outlive the process, and not the boot: a file mapped into memory.
///
/// A record has two slots. Writing goes to the older one, contents before header; reading takes the
/// newer one that is whole. So a process that is killed anywhere in between leaves either the old
/// record or the new one, and writing is a copy of some hundred octets and never waits for a disk
/// (the run directory is on tmpfs). Nothing is ever synchronised: past a crash of the kernel these
/// records mean nothing.
///
///     slot:  sequence 8 | length 4 | index 4 | checksum 8 | reserved 8 | contents 512 | unused 32
///
/// The checksum covers all of these but itself, so that a record that has wandered to another index
/// is none. Numbers are in the host's byte order; the file never leaves it.
@safe
package final class PageFile {
    /// Octets of one record's contents.
    package static let mostOctets = 512

    /// Records in one file, 9 MiB: far past what the groups of one host can need.
    package static let mostRecords = 8192

    private enum Offset {
        static let sequence = 0
        static let length = 8
        static let index = 12
        static let checksum = 16
        static let contents = 32
    }

    private static let slotSize = 576
    private static let recordSize = 2 * slotSize

    /// Records added at a time.
    private static let growth = 64

    package let path: String
    private let descriptor: Descriptor
    private var memory: UnsafeMutableRawPointer
    /// Records that the file has room for.
    package private(set) var capacity: Int

    /// Opens the file, or makes it with mode 0600. Whatever it holds: what is not a whole record
    /// isn't there. Only one process may have it open, see `RunDirectory`.
    package init(path: String) throws(SystemError) {
        self.path = path
        let number = try SystemCall.check("open", on: path) {
            unsafe vip_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
        }
        descriptor = Descriptor(owning: number)
        var status = stat()
        try SystemCall.run("fstat", on: path) { unsafe fstat(number, &status) }
        let whole = Int(status.st_size) / Self.recordSize
        let records = min(max(whole, Self.growth), Self.mostRecords)
        unsafe memory = try Self.map(number, records: records, path: path)
        capacity = records
    }

    /// Whether it is this file that the path names.
    package var isInPlace: Bool {
        var (own, found) = (stat(), stat())
        return unsafe fstat(descriptor.number, &own) == 0 && lstat(path, &found) == 0
            && own.st_dev == found.st_dev && own.st_ino == found.st_ino
    }

    deinit { _ = unsafe munmap(memory, capacity * Self.recordSize) }

    /// The record's newest whole contents; nil where there never were any.
    package func read(_ index: Int) -> [UInt8]? {
        guard index >= 0, index < capacity else { return nil }
        guard let slot = unsafe newest(index)?.slot else { return nil }
        return unsafe [UInt8](Self.contents(of: slot))
    }

    /// Whether nothing was ever written there, or it was erased; a record that is not whole is
    /// neither blank nor read.
    package func isBlank(_ index: Int) -> Bool {
        guard index >= 0, index < capacity else { return true }
        return [0, 1].allSatisfy { which in
            unsafe slot(of: index, which).load(
                fromByteOffset: Offset.sequence,
                as: UInt64.self
            ) == 0
        }
    }

    /// Replaces the record. When this returns, it has survived the process.
    ///
    /// - Parameters:
    ///   - index: below `mostRecords`; the file grows as needed.
    ///   - octets: at most `mostOctets`.
    /// - Throws: only where the file has to grow and cannot.
    package func write(_ index: Int, _ octets: Span<UInt8>) throws(SystemError) {
        precondition(index >= 0 && index < Self.mostRecords, "record \(index) is out of bounds")
        precondition(octets.count <= Self.mostOctets, "\(octets.count) octets are no record")
        try reserve(records: index + 1)

        let newest = unsafe newest(index)
        let slot = unsafe slot(of: index, newest.map { unsafe 1 - $0.which } ?? 0)
        // From here on the older slot is no longer whole, until its checksum is right again.
        unsafe slot.storeBytes(of: 0, toByteOffset: Offset.sequence, as: UInt64.self)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        for offset in 0..<octets.count {
            unsafe slot.storeBytes(
                of: octets[offset],
                toByteOffset: Offset.contents + offset,
                as: UInt8.self
            )
        }
        unsafe slot.storeBytes(
            of: UInt32(octets.count),
            toByteOffset: Offset.length,
            as: UInt32.self
        )
        unsafe slot.storeBytes(of: UInt32(index), toByteOffset: Offset.index, as: UInt32.self)
        let sequence = unsafe (newest?.sequence ?? 0) + 1
        let checksum = unsafe Self.checksum(sequence, index, Self.contents(of: slot))
        unsafe slot.storeBytes(of: checksum, toByteOffset: Offset.checksum, as: UInt64.self)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        unsafe slot.storeBytes(of: sequence, toByteOffset: Offset.sequence, as: UInt64.self)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Forgets the record; a death in between leaves it as it was.
    package func erase(_ index: Int) {
        guard index >= 0, index < capacity else { return }
        // The older slot first: were it last, the older contents could come to light again.
        let newest = unsafe newest(index)?.which ?? 0
        for which in [1 - newest, newest] {
            unsafe slot(of: index, which).storeBytes(of: 0, as: UInt64.self)
            atomicMemoryFence(ordering: .sequentiallyConsistent)
        }
    }

    /// Makes room beforehand, so that writing cannot fail.
    package func reserve(records: Int) throws(SystemError) {
        guard records > capacity else { return }
        guard records <= Self.mostRecords else {
            throw SystemError(
                call: "grow",
                on: path,
                errno: EFBIG,
                detail: "\(records) records, and it has room for \(Self.mostRecords)"
            )
        }
        let steps = (records + Self.growth - 1) / Self.growth
        let wanted = min(steps * Self.growth, Self.mostRecords)
        let fresh = unsafe try Self.map(descriptor.number, records: wanted, path: path)
        _ = unsafe munmap(memory, capacity * Self.recordSize)
        unsafe memory = fresh
        capacity = wanted
    }

    // MARK: - Slots

    private func slot(of index: Int, _ which: Int) -> UnsafeMutableRawPointer {
        unsafe memory + index * Self.recordSize + which * Self.slotSize
    }

    private func newest(
        _ index: Int
    ) -> (which: Int, sequence: UInt64, slot: UnsafeMutableRawPointer)? {
        let first = sequence(of: index, 0)
        let second = sequence(of: index, 1)
        guard first != 0 || second != 0 else { return nil }
        let which = second > first ? 1 : 0
        return unsafe (which, max(first, second), slot(of: index, which))
    }

    /// 0 where the slot is not whole.
    private func sequence(of index: Int, _ which: Int) -> UInt64 {
        let slot = unsafe slot(of: index, which)
        let sequence = unsafe slot.load(fromByteOffset: Offset.sequence, as: UInt64.self)
        let length = unsafe slot.load(fromByteOffset: Offset.length, as: UInt32.self)
        let found = unsafe slot.load(fromByteOffset: Offset.index, as: UInt32.self)
        guard sequence != 0, sequence != .max, length <= UInt32(Self.mostOctets),
            found == UInt32(index)
        else { return 0 }
        let checksum = unsafe slot.load(fromByteOffset: Offset.checksum, as: UInt64.self)
        let wanted = unsafe Self.checksum(sequence, index, Self.contents(of: slot))
        return checksum == wanted ? sequence : 0
    }

    /// The contents at the length that the slot claims, which has been checked.
    private static func contents(of slot: UnsafeMutableRawPointer) -> UnsafeRawBufferPointer {
        let length = unsafe slot.load(fromByteOffset: Offset.length, as: UInt32.self)
        return unsafe UnsafeRawBufferPointer(
            start: slot + Offset.contents,
            count: min(Int(length), mostOctets)
        )
    }

    private static func checksum(
        _ sequence: UInt64,
        _ index: Int,
        _ contents: UnsafeRawBufferPointer
    ) -> UInt64 {
        var checksum = Checksum()
        checksum.add(sequence)
        checksum.add(UInt64(index))
        checksum.add(UInt64(contents.count))
        for offset in 0..<contents.count { unsafe checksum.add(contents[offset]) }
        return checksum.value
    }

    /// Reserves the octets before it maps them: to touch memory that a full tmpfs cannot give is
    /// death by SIGBUS.
    private static func map(
        _ number: Int32,
        records: Int,
        path: String
    ) throws(SystemError) -> UnsafeMutableRawPointer {
        let size = records * recordSize
        let failure = posix_fallocate(number, 0, off_t(size))
        guard failure == 0 else {
            throw SystemError(call: "posix_fallocate", on: path, errno: failure)
        }
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw SystemError(call: "mmap", on: path, errno: errno)
        }
        return unsafe memory
    }
}
