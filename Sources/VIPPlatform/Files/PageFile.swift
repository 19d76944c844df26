import CNetlink
import Glibc

/// Small records that outlive the process, and not the boot: a file that is never synchronised.
///
/// A record has two slots. Writing goes to the older one; reading takes the newer one that is
/// whole. So a process that is killed anywhere in between leaves either the old record or the new
/// one, and writing is a copy into the page cache and never waits for a disk (the run directory is
/// on tmpfs). Past a crash of the kernel these records mean nothing.
///
/// Records that stand one behind the other are written in one call, with what is between their new
/// slots: these are older slots, which the file gets once more as it has them. A death in between
/// leaves of each of them the old or the new one.
///
///     slot:  sequence 8 | length 4 | index 4 | checksum 8 | reserved 8 | contents 512 | unused 32
///
/// The checksum covers all of these but itself, so that a record that has wandered to another index
/// is none. Numbers are in the host's byte order; the file never leaves it.
///
/// Records are written through the descriptor and not through a mapping: to touch mapped memory
/// that somebody has cut off the file is death by SIGBUS. Written through the descriptor the file
/// grows again. What this process knows of the file is kept in memory, so that it can be written
/// anew, into this file or into another one in its place.
@safe
package final class PageFile {
    /// Octets of one record's contents.
    package static let mostOctets = 512

    /// Records in one file, 9 MiB: far past what the groups of one host can need.
    package static let mostRecords = 8192

    /// Records added at a time.
    private static let growth = 64

    package let path: String
    private var descriptor: Descriptor
    private var pin: PagePin
    /// What is known of each record; nil where it was not looked at yet.
    private var known: [PageRecord?]
    /// The octets of those that were.
    private var image: [UInt8]
    /// Records that were changed and are not in the file yet, in the order in which they were.
    private var changed: [Int] = []
    /// Records that the file has room for.
    package var capacity: Int { known.count }

    /// Opens the file, or makes it with mode 0600. Whatever it holds: what is not a whole record
    /// isn't there. Only one process may have it open, see `RunDirectory`.
    package init(path: String) throws(SystemError) {
        self.path = path
        let number = try SystemCall.check("open", on: path) {
            unsafe vip_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
        }
        descriptor = Descriptor(owning: number)
        let status = try PlainFile.requireOwn(descriptor, at: path)
        let whole = Int(status.st_size) / PageRecord.size
        let records = min(max(whole, Self.growth), Self.mostRecords)
        try Self.allocate(descriptor, records: records, path: path)
        known = Array(repeating: nil, count: records)
        image = Array(repeating: 0, count: records * PageRecord.size)
        pin = PagePin(descriptor, octets: records * PageRecord.size)
    }

    /// Whether it is this file that the path names.
    package var isInPlace: Bool { PlainFile.names(path, descriptor) }

    /// Whether it has all the octets that it was given.
    package var isWhole: Bool {
        var status = stat()
        return unsafe fstat(descriptor.number, &status) == 0
            && Int(status.st_size) >= capacity * PageRecord.size
    }

    /// The record's newest whole contents; nil where there never were any.
    package func read(_ index: Int) -> [UInt8]? {
        guard index >= 0, index < capacity, let range = record(index).contents(at: index) else {
            return nil
        }
        return Array(image[range])
    }

    /// Whether nothing was ever written there, or it was erased; a record that is not whole is
    /// neither blank nor read.
    package func isBlank(_ index: Int) -> Bool {
        guard index >= 0, index < capacity else { return true }
        return record(index).isBlank
    }

    /// Replaces the record in memory; `flush` puts it into the file.
    ///
    /// - Parameters:
    ///   - index: below `mostRecords`; the file grows as needed.
    ///   - octets: at most `mostOctets`.
    /// - Throws: only where the file has to grow and cannot.
    package func change(_ index: Int, to octets: Span<UInt8>) throws(SystemError) {
        precondition(index >= 0 && index < Self.mostRecords, "record \(index) is out of bounds")
        precondition(octets.count <= Self.mostOctets, "\(octets.count) octets are no record")
        try reserve(records: index + 1)
        // One of its slots has to stay whole in the file.
        if record(index).isAhead { try flush() }
        var record = record(index)
        record.replace(with: octets, at: index, in: &image)
        known[index] = record
        changed.append(index)
    }

    /// Puts into the file what was changed in memory, in that order. When this returns, it has
    /// survived the process.
    package func flush() throws(SystemError) {
        var next = 0
        while next < changed.count {
            let first = changed[next]
            var last = first
            next += 1
            while next < changed.count, changed[next] == last + 1 {
                last += 1
                next += 1
            }
            let begin = record(first).octets(at: first).lowerBound
            try put(begin..<record(last).octets(at: last).upperBound)
        }
        for index in changed { known[index]?.isAhead = false }
        changed.removeAll(keepingCapacity: true)
    }

    /// Writes all that is known, where somebody has cut the file.
    ///
    /// - Returns: whether somebody had.
    package func mend() throws(SystemError) -> Bool {
        guard !isWhole else { return false }
        try writeAll()
        return true
    }

    /// Forgets the record; a death in between leaves it as it was.
    package func erase(_ index: Int) {
        guard index >= 0, index < capacity else { return }
        let zeros = [UInt8](repeating: 0, count: MemoryLayout<UInt64>.size)
        // The older slot first: were it last, the older contents could come to light again.
        let newest = record(index).newest
        for which in [1 - newest, newest] {
            let offset = PageRecord.offset(of: index, which)
            _ = unsafe pwrite(descriptor.number, zeros, zeros.count, off_t(offset))
            image.replaceSubrange(offset..<offset + zeros.count, with: zeros)
        }
        known[index] = PageRecord()
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
        try Self.allocate(descriptor, records: wanted, path: path)
        known += Array(repeating: nil, count: wanted - capacity)
        image += Array(repeating: 0, count: wanted * PageRecord.size - image.count)
        pin = PagePin(descriptor, octets: wanted * PageRecord.size)
    }

    /// Writes all that is known into a new file, and puts that in the place of whatever is there.
    package func replace() throws(SystemError) {
        let fresh = path + ".new"
        if unsafe unlink(fresh) != 0, errno != ENOENT {
            throw SystemError(call: "unlink", on: fresh, errno: errno)
        }
        let number = try SystemCall.check("open", on: fresh) {
            unsafe vip_open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        }
        var other = Descriptor(owning: number)
        swap(&descriptor, &other)
        do throws(SystemError) {
            try writeAll()
            try SystemCall.run("rename", on: path) { unsafe rename(fresh, path) }
        } catch {
            // The next process would not find this file: the old one is as good.
            swap(&descriptor, &other)
            unsafe unlink(fresh)
            throw error
        }
    }

    /// Makes room again where somebody has cut the file, and writes all that is known: of each
    /// record the newest slot alone, since the other one must not come to light without it.
    private func writeAll() throws(SystemError) {
        try Self.allocate(descriptor, records: capacity, path: path)
        for index in known.indices {
            guard let record = known[index], record.length != nil else { continue }
            try put(record.octets(at: index))
        }
        pin = PagePin(descriptor, octets: capacity * PageRecord.size)
    }

    // MARK: - Octets

    private func record(_ index: Int) -> PageRecord {
        if let record = known[index] { return record }
        let offset = PageRecord.offset(of: index, 0)
        let count = SystemCall.repeating {
            let count = unsafe image.withUnsafeMutableBytes { image in
                unsafe pread(
                    descriptor.number,
                    image.baseAddress! + offset,
                    PageRecord.size,
                    off_t(offset)
                )
            }
            return count < 0 ? -Int(errno) : count
        }
        // What could not be read is no record; what was cut off is blank.
        let record =
            count < 0 ? PageRecord.unreadable : PageRecord(reading: image.span, at: index)
        known[index] = record
        return record
    }

    /// Writes that part of the image.
    private func put(_ range: Range<Int>) throws(SystemError) {
        var written = range.lowerBound
        while written < range.upperBound {
            written += try SystemCall.run("write", on: path) {
                unsafe image.withUnsafeBytes { image in
                    unsafe pwrite(
                        descriptor.number,
                        image.baseAddress! + written,
                        range.upperBound - written,
                        off_t(written)
                    )
                }
            }
        }
    }

    /// Has the octets reserved, so that a tmpfs that is full later is of no concern.
    private static func allocate(
        _ descriptor: borrowing Descriptor,
        records: Int,
        path: String
    ) throws(SystemError) {
        let failure = posix_fallocate(descriptor.number, 0, off_t(records * PageRecord.size))
        guard failure == 0 else {
            throw SystemError(call: "posix_fallocate", on: path, errno: failure)
        }
    }
}

/// A mapping of the page that nobody ever reads or writes, locked where this process may: as long
/// as it is there, the page is not written to a swap device and waited for.
@safe
private final class PagePin {
    private let memory: UnsafeMutableRawPointer?
    private let count: Int

    init(_ descriptor: borrowing Descriptor, octets: Int) {
        count = octets
        let mapped = unsafe mmap(nil, octets, PROT_READ, MAP_SHARED, descriptor.number, 0)
        unsafe memory = unsafe mapped == MAP_FAILED ? nil : mapped
        if let memory = unsafe memory { _ = unsafe mlock(memory, octets) }
    }

    deinit { if let memory = unsafe memory { _ = unsafe munmap(memory, count) } }
}
