import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPPlatform
import VIPTestSupport

@Suite("Idle memory")
struct IdleMemoryTests {
    @Test("only what is the file's is given back: nothing changed, writable, shared or anonymous")
    func ranges() {
        let maps = """
            5600a000-5600b000 r--p 00000000 fe:00 1311 /usr/sbin/vip-agent
            Size:                  4 kB
            Rss:                   4 kB
            Anonymous:             0 kB
            Swap:                  0 kB
            SwapPss:               0 kB
            VmFlags: rd mr mw me
            5600b000-5600f000 r-xp 00001000 fe:00 1311 /usr/sbin/vip agent (deleted)
            Anonymous:             0 kB
            Swap:                  0 kB
            5600f000-56010000 r--p 00005000 fe:00 1311 /usr/sbin/vip-agent
            Anonymous:             4 kB
            Swap:                  0 kB
            7e000000-7e004000 r--p 001d1000 fe:00 1312 /usr/lib/libc.so.6
            Anonymous:             0 kB
            Swap:                  4 kB
            56010000-56020000 rw-p 00006000 fe:00 1311 /usr/sbin/vip-agent
            Anonymous:             0 kB
            Swap:                  0 kB
            56020000-56030000 rw-p 00000000 00:00 0 [heap]
            Anonymous:            64 kB
            Swap:                  0 kB
            7f000000-7f012000 rw-s 00000000 00:19 77 /run/vip-agent/page
            Anonymous:             0 kB
            Swap:                  0 kB
            7f012000-7f014000 r-xp 00000000 00:00 0 [vdso]
            Anonymous:             0 kB
            Swap:                  0 kB
            """
        #expect(
            IdleMemory.unchangedRanges(maps)
                == [0x5600_a000..<0x5600_b000, 0x5600_b000..<0x5600_f000]
        )
    }

    @Test("pages of a file go, locked or not, and those that were changed stay as they are")
    func own() throws {
        let scratch = ScratchDirectory()
        let path = scratch("pages")
        let count = 64 * 1024
        try WholeFile.replace(path, with: Array(repeating: 7, count: count), mode: 0o600)
        let file = Descriptor(owning: unsafe vip_open(path, O_RDONLY, 0))
        let unchanged = try unsafe map(file.number, count)
        let changed = try unsafe map(file.number, count)
        defer {
            unsafe munmap(unchanged, count)
            unsafe munmap(changed, count)
        }
        #expect(unsafe mlock(unchanged, count) == 0)
        #expect(unsafe mprotect(changed, count, PROT_READ | PROT_WRITE) == 0)
        unsafe changed.storeBytes(of: 8, as: UInt8.self)
        #expect(unsafe mprotect(changed, count, PROT_READ) == 0)
        #expect(try unsafe resident(unchanged) == "64")

        IdleMemory.giveBack()
        #expect(try unsafe resident(unchanged) == "0")
        #expect(unsafe unchanged.load(as: UInt8.self) == 7)
        #expect(unsafe changed.load(as: UInt8.self) == 8)
    }

    @Test("it is given back 2 s after something rare, and at most once a minute")
    func schedule() {
        let second: Int64 = 1_000_000_000
        var schedule = IdleMemorySchedule()
        #expect(!schedule.isDue(at: 1000 * second))
        schedule.note(at: 1000 * second)
        schedule.note(at: 1001 * second)
        #expect(!schedule.isDue(at: 1002 * second - 1))
        #expect(schedule.isDue(at: 1002 * second))
        schedule.noteReturn(at: 1003 * second)
        #expect(!schedule.isDue(at: 2000 * second))
        for seconds: Int64 in 1004..<1062 { schedule.note(at: seconds * second) }
        #expect(!schedule.isDue(at: 1063 * second - 1))
        #expect(schedule.isDue(at: 1063 * second))
        schedule.noteReturn(at: 1063 * second)
        schedule.note(at: 1200 * second)
        #expect(!schedule.isDue(at: 1202 * second - 1))
        #expect(schedule.isDue(at: 1202 * second))
    }

    private func map(_ file: Int32, _ count: Int) throws -> UnsafeMutableRawPointer {
        let start = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0)
        return try unsafe #require(start)
    }

    /// Of the mapping that begins there, in kB.
    private func resident(_ start: UnsafeMutableRawPointer) throws -> Substring {
        let maps = try WholeFile.read("/proc/self/smaps", most: 1 << 20)
        let lines = String(decoding: maps, as: UTF8.self).split(separator: "\n")
        let address = String(UInt(bitPattern: start), radix: 16)
        let rest = lines.drop { !$0.hasPrefix("\(address)-") }.dropFirst()
        let line = try #require(rest.first { $0.hasPrefix("Rss:") })
        return try #require(line.split(separator: " ").dropFirst().first)
    }
}
