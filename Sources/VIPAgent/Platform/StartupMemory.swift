import CNetlink
import Glibc

/// The pages of code that only the start has touched: option parsing, the configuration,
/// relocation.
package enum StartupMemory {
    /// Gives those pages back. They are the files', unchanged, so whatever is needed again comes
    /// from the page cache with its next use; what isn't needed, which is most, is never seen
    /// again. To be called before memory is locked, which would keep them for good: it takes a
    /// third off what is resident.
    package static func giveBack() {
        guard let maps = try? WholeFile.read("/proc/self/maps", most: 1 << 20) else { return }
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            guard let range = fileRange(String(decoding: line, as: UTF8.self)) else { continue }
            guard let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound) else {
                continue
            }
            // A refusal leaves the pages where they are.
            _ = unsafe madvise(start, Int(range.count), MADV_DONTNEED)
        }
    }

    /// Where a line of `/proc/self/maps` says that code is mapped from a file; nil for anything
    /// else. What is only read may have been relocated before it was made so, and is then no longer
    /// the file's.
    package static func fileRange(_ line: String) -> Range<UInt>? {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 6, fields[1] == "r-xp", fields[4] != "0" else { return nil }
        let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return ends[0]..<ends[1]
    }
}
