import CNetlink
import Glibc

/// The pages of programs and libraries that something rare has touched, such as the start: option
/// parsing, the configuration, the gate's load, relocation.
package enum IdleMemory {
    /// Gives those pages back, locked or not. They are the files', unchanged, so whatever is needed
    /// again comes from the page cache with its next use; what isn't needed, which is most, is
    /// never seen again: it takes a third off what is resident. Takes some milliseconds.
    package static func giveBack() {
        guard let maps = try? WholeFile.read("/proc/self/smaps", most: 1 << 19) else { return }
        for range in unchangedRanges(String(decoding: maps, as: UTF8.self)) {
            guard let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound) else {
                continue
            }
            // A refusal leaves the pages where they are.
            _ = unsafe madvise(start, Int(range.count), Int32(vip_madvise_dontneed_locked))
        }
    }

    /// Where `/proc/self/smaps` says that a file is mapped to be read or run, and nothing of it was
    /// changed: what has been relocated before it was made read-only is no longer the file's. Such
    /// a page is counted as anonymous while it is in memory, and as swap while it is not.
    package static func unchangedRanges(_ maps: String) -> [Range<UInt>] {
        var ranges: [Range<UInt>] = []
        var candidate: Range<UInt>?
        var isChanged = true
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            if fields.count >= 5, fields[0].contains("-") {
                candidate = fileRange(fields)
                isChanged = true
            } else if fields.count >= 2, fields[0] == "Anonymous:" {
                isChanged = fields[1] != "0"
            } else if fields.count >= 2, fields[0] == "Swap:" {
                if let candidate, !isChanged, fields[1] == "0" { ranges.append(candidate) }
                candidate = nil
            }
        }
        return ranges
    }

    /// - Parameter fields: of a mapping's first line: range, permissions, offset, device, inode.
    private static func fileRange(_ fields: [Substring]) -> Range<UInt>? {
        guard ["r-xp", "r--p"].contains(fields[1]), fields[4] != "0" else { return nil }
        let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return ends[0]..<ends[1]
    }
}
