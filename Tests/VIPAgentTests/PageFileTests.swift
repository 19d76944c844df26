import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPPlatform
import VIPTestSupport

extension PageFile {
    /// One record, at once; whether the file had been cut.
    @discardableResult
    fileprivate func write(_ index: Int, _ octets: [UInt8]) throws(SystemError) -> Bool {
        try change(index, to: octets.span)
        try flush()
        return try mend()
    }
}

@Suite("Page")
struct PageFileTests {
    let scratch = ScratchDirectory()

    private func contents(_ name: String) throws -> [UInt8] {
        try WholeFile.read(scratch(name), most: 1 << 24)
    }

    private func place(_ octets: [UInt8], at name: String) throws {
        try WholeFile.replace(scratch(name), with: octets, mode: 0o600)
    }

    @Test("a new file has no records, and a record outlives the mapping")
    func survives() throws {
        var page: PageFile? = try PageFile(path: scratch("page"))
        #expect(page?.read(0) == nil)
        #expect(page?.read(-1) == nil)
        #expect(page?.read(100_000) == nil)
        try page?.write(0, [1, 2, 3])
        try page?.write(5, [UInt8](repeating: 7, count: 512))
        try page?.write(6, [UInt8]())
        page = nil
        let again = try PageFile(path: scratch("page"))
        #expect(again.read(0) == [1, 2, 3])
        #expect(again.read(1) == nil)
        #expect(again.read(5) == [UInt8](repeating: 7, count: 512))
        #expect(again.read(6) == [])
    }

    @Test("a write that stops after any octet leaves the old record or the new one")
    func torn() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [UInt8](repeating: 0xa1, count: 40))
        try page.write(0, [UInt8](repeating: 0xb2, count: 50))
        let before = try contents("page")
        try page.write(0, [UInt8](repeating: 0xc3, count: 60))
        let after = try contents("page")
        let old = [UInt8](repeating: 0xb2, count: 50)
        let new = [UInt8](repeating: 0xc3, count: 60)

        var seen: (old: Int, new: Int) = (0, 0)
        for cut in 0...1152 {
            // Memory may be written in any order: from the front, and from the back.
            let front = after[..<cut] + before[cut...]
            let back = before[..<cut] + after[cut...]
            for mixture in [front, back] {
                try place(Array(mixture), at: "torn")
                let found = try PageFile(path: scratch("torn")).read(0)
                #expect(found == old || found == new, "cut at \(cut): \(String(describing: found))")
                if found == old { seen.old += 1 } else { seen.new += 1 }
            }
        }
        #expect(seen.old > 0 && seen.new > 0)
    }

    @Test("records that are written together are torn each by itself, and the others untouched")
    func tornTogether() throws {
        let page = try PageFile(path: scratch("page"))
        for index in 0..<6 {
            for round in 0...index { try page.write(index, [UInt8(index), UInt8(round), 1]) }
        }
        let before = try contents("page")
        for index in [1, 2, 3] { try page.change(index, to: [UInt8(index), 2].span) }
        #expect(try contents("page") == before)
        try page.flush()
        let after = try contents("page")

        for cut in stride(from: 1152, through: 1152 * 4, by: 11) {
            for mixture in [after[..<cut] + before[cut...], before[..<cut] + after[cut...]] {
                try place(Array(mixture), at: "torn")
                let torn = try PageFile(path: scratch("torn"))
                for index in 0..<6 {
                    let old = [UInt8(index), UInt8(index), 1]
                    let isNew = torn.read(index) == [UInt8(index), 2]
                    #expect(torn.read(index) == old || isNew && [1, 2, 3].contains(index))
                }
            }
        }
        let again = try PageFile(path: scratch("page"))
        #expect([1, 2, 3].allSatisfy { again.read($0) == [UInt8($0), 2] })
    }

    @Test("of a record that is changed twice, the first is whole while the second is written")
    func changedTwice() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [1])
        try page.change(0, to: [2].span)
        try page.change(1, to: [9].span)
        try page.change(0, to: [3].span)
        #expect(try PageFile(path: scratch("page")).read(0) == [2])
        #expect(try PageFile(path: scratch("page")).read(1) == [9])
        #expect(page.read(0) == [3])
        try page.flush()
        #expect(try PageFile(path: scratch("page")).read(0) == [3])
    }

    @Test("after a torn write, the next one leaves what was whole alone until it is done")
    func afterTorn() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [1])
        try page.write(0, [2])
        var octets = try contents("page")
        // The first slot now holds the older record; damage it.
        octets[32] ^= 0xff
        try place(octets, at: "torn")
        let torn = try PageFile(path: scratch("torn"))
        #expect(torn.read(0) == [2])
        try torn.write(0, [3])
        #expect(torn.read(0) == [3])
        try torn.write(0, [4])
        #expect(torn.read(0) == [4])
    }

    @Test("garbage, and a file that is cut short, hold no records and do not trap")
    func garbage() throws {
        var seed: UInt64 = 88_172_645_463_325_252
        for size in [0, 1, 31, 575, 576, 1151, 1152, 5000, 80_000] {
            let octets = (0..<size).map { _ in
                seed ^= seed << 13
                seed ^= seed >> 7
                seed ^= seed << 17
                return UInt8(truncatingIfNeeded: seed)
            }
            try place(octets, at: "garbage")
            let page = try PageFile(path: scratch("garbage"))
            for index in 0..<page.capacity { #expect(page.read(index) == nil) }
            try page.write(3, [9])
            #expect(page.read(3) == [9])
        }
    }

    @Test("a record at another's place is none")
    func wandered() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [1, 2, 3])
        let octets = try contents("page")
        var moved = octets
        moved.replaceSubrange(1152..<2304, with: octets[0..<1152])
        try place(moved, at: "moved")
        let again = try PageFile(path: scratch("moved"))
        #expect(again.read(0) == [1, 2, 3])
        #expect(again.read(1) == nil)
    }

    @Test("it grows as it is written to, keeps what it had, and refuses to grow without end")
    func grows() throws {
        let page = try PageFile(path: scratch("page"))
        #expect(page.capacity == 64)
        try page.write(0, [1])
        try page.write(64, [2])
        #expect(page.capacity == 128)
        try page.write(8191, [3])
        #expect(page.capacity == 8192)
        #expect(page.read(0) == [1])
        #expect(page.read(64) == [2])
        #expect(throws: SystemError.self) { try page.reserve(records: 8193) }
        #expect(page.read(8191) == [3])
    }

    /// Octets of the file that the path names.
    private func size(_ name: String) -> Int {
        var status = stat()
        return unsafe stat(scratch(name), &status) == 0 ? Int(status.st_size) : -1
    }

    @Test("cut to nothing under the process that has it open, it grows again with all it had")
    func cut() throws {
        let page = try PageFile(path: scratch("page"))
        for round: UInt8 in [0, 1] {
            for index in 0..<70 { try page.write(index, [UInt8(index), round]) }
        }
        let whole = size("page")
        for length in [0, 1, 4096, 1152 * 5 + 600] {
            #expect(unsafe truncate(scratch("page"), off_t(length)) == 0)
            #expect(!page.isWhole)
            #expect(try page.write(3, [33]))
            #expect(page.isWhole && size("page") == whole)
            let again = try PageFile(path: scratch("page"))
            for index in 0..<70 {
                #expect(again.read(index) == (index == 3 ? [33] : [UInt8(index), 1]))
            }
        }
        #expect(try !page.write(3, [34]))
        // What was newer does not come back as what was before it: of each record the newest alone.
        let octets = try contents("page")
        #expect(octets[1152 * 7..<1152 * 7 + 576].allSatisfy { $0 == 0 })
    }

    @Test("gone or replaced by another file, it is written anew in its place")
    func replaced() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [1])
        try page.write(70, [2])
        #expect(page.isInPlace)
        for step in 0..<3 {
            switch step {
            case 0: #expect(unsafe unlink(scratch("page")) == 0)
            case 1: try place([1, 2, 3], at: "page")
            default:
                #expect(unsafe unlink(scratch("page")) == 0)
                #expect(run("mkfifo", scratch("page")) == 0)
            }
            #expect(!page.isInPlace)
            try page.replace()
            #expect(page.isInPlace && page.isWhole)
            let again = try PageFile(path: scratch("page"))
            #expect(again.read(0) == [1])
            #expect(again.read(70) == [2])
        }
        try page.write(0, [3])
        #expect(try PageFile(path: scratch("page")).read(0) == [3])
    }

    @Test("where it can't be replaced, the file that is open goes on, and nothing is left over")
    func irreplaceable() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [1])
        #expect(unsafe unlink(scratch("page")) == 0)
        #expect(run("mkdir", "-p", scratch("page/full")) == 0)
        #expect(throws: SystemError.self) { try page.replace() }
        #expect(unsafe access(scratch("page.new"), F_OK) != 0)
        #expect(run("rm", "-r", scratch("page")) == 0)
        try page.replace()
        #expect(try PageFile(path: scratch("page")).read(0) == [1])
    }

    @Test("another file's second name is refused, and so are a pipe and a link")
    func strange() throws {
        try place([7, 7], at: "other")
        #expect(unsafe link(scratch("other"), scratch("page")) == 0)
        #expect(throws: SystemError.self) { try PageFile(path: scratch("page")) }
        #expect(try contents("other") == [7, 7])
        #expect(unsafe unlink(scratch("page")) == 0)
        #expect(run("mkfifo", scratch("page")) == 0)
        #expect(throws: SystemError.self) { try PageFile(path: scratch("page")) }
        #expect(unsafe unlink(scratch("page")) == 0)
        #expect(unsafe symlink(scratch("other"), scratch("page")) == 0)
        #expect(throws: SystemError.self) { try PageFile(path: scratch("page")) }
    }

    @Test("what was erased does not come back")
    func erase() throws {
        let page = try PageFile(path: scratch("page"))
        try page.write(0, [1])
        try page.write(0, [2])
        page.erase(0)
        #expect(page.read(0) == nil)
        try page.write(0, [3])
        #expect(try PageFile(path: scratch("page")).read(0) == [3])
    }
}
