import Testing
import VIPAgent

@Suite("Startup memory")
struct StartupMemoryTests {
    @Test("only what is the file's is given back: nothing relocated, writable, shared or anonymous")
    func ranges() {
        let maps = """
            5600a000-5600b000 r--p 00000000 fe:00 1311 /usr/sbin/vip-agent
            Size:                  4 kB
            Rss:                   4 kB
            Anonymous:             0 kB
            VmFlags: rd mr mw me
            5600b000-5600f000 r-xp 00001000 fe:00 1311 /usr/sbin/vip agent (deleted)
            Anonymous:             0 kB
            5600f000-56010000 r--p 00005000 fe:00 1311 /usr/sbin/vip-agent
            Anonymous:             4 kB
            56010000-56020000 rw-p 00006000 fe:00 1311 /usr/sbin/vip-agent
            Anonymous:             0 kB
            56020000-56030000 rw-p 00000000 00:00 0 [heap]
            Anonymous:            64 kB
            7f000000-7f012000 rw-s 00000000 00:19 77 /run/vip-agent/page
            Anonymous:             0 kB
            7f012000-7f014000 r-xp 00000000 00:00 0 [vdso]
            Anonymous:             0 kB
            """
        #expect(
            StartupMemory.unchangedRanges(maps)
                == [0x5600_a000..<0x5600_b000, 0x5600_b000..<0x5600_f000]
        )
    }

    @Test("a process goes on where its own pages were given back")
    func own() {
        StartupMemory.giveBack()
        #expect([3, 1, 2].sorted() == [1, 2, 3])
    }
}
