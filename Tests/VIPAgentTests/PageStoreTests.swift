import Glibc
import Testing
import VIPAgent
import VIPCore
import VIPPlatform
import VIPTestSupport

@Suite("A page that is not there")
struct PageStoreTests {
    let scratch = ScratchDirectory()

    private func loss() throws -> PageStore.Loss {
        let store = try PageStore(
            path: scratch("page"),
            identity: BootIdentity.current(),
            groups: 1
        )
        #expect(store.page == nil)
        return store.loss
    }

    private func place(_ octets: [UInt8]) throws {
        try WholeFile.replace(scratch("page"), with: octets, mode: 0o600)
    }

    @Test("was never written, or is empty")
    func empty() throws {
        #expect(try loss() == .empty)
        #expect(try loss() == .empty)
        try place([])
        #expect(try loss() == .empty)
        try place([UInt8](repeating: 0, count: 1152))
        #expect(try loss() == .empty)
    }

    @Test("is damaged where there is anything else, however short")
    func damaged() throws {
        try place([UInt8](repeating: 0xa5, count: 100_000))
        #expect(try loss() == .damaged)
        try place(Array("not a page\n".utf8))
        #expect(try loss() == .damaged)
    }

    @Test("is damaged where its one written record was")
    func flipped() throws {
        do {
            let file = try PageFile(path: scratch("page"))
            try file.change(0, to: [UInt8](repeating: 7, count: 60).span)
            try file.flush()
        }
        var octets = try WholeFile.read(scratch("page"), most: 1 << 24)
        // The first write goes to the first slot; its contents begin behind 32 octets.
        octets[32] ^= 1
        try place(octets)
        #expect(try loss() == .damaged)
        // It was erased: what is found now is a page that nothing was written to.
        #expect(try loss() == .empty)
    }
}

@Suite("A page under a running agent")
struct PageMendingTests {
    let scratch = ScratchDirectory()

    private func open() throws -> PageStore {
        try PageStore(path: scratch("page"), identity: BootIdentity.current(), groups: 1)
    }

    private let header = PageHeader(incarnation: Incarnation(7), abstentionEnd: .zero, voterSet: 9)
    private let record = GroupRecord(group: GroupID(1), highestGranted: Term(3))

    @Test("that is cut, deleted or replaced is written anew, and a successor finds all of it")
    func mended() throws {
        let page = try open()
        try page.write(header)
        try page.write(record)
        try page.flush()
        #expect(try page.mend() == nil)
        #expect(unsafe truncate(scratch("page"), 100) == 0)
        #expect(try page.mend() == "\(scratch("page")) was cut")
        #expect(try open().page == Page(header: header, records: [record]))
        #expect(unsafe truncate(scratch("page"), 0) == 0)
        var changed = record
        changed.highestUsed = Term(4)
        try page.write(changed)
        try page.flush()
        try page.check()
        #expect(page.wasCut)
        #expect(try open().page == Page(header: header, records: [changed]))
        #expect(try page.mend() == "\(scratch("page")) was cut")
        #expect(try page.mend() == nil)
        for replaces in [false, true] {
            #expect(unsafe unlink(scratch("page")) == 0)
            if replaces { try WholeFile.replace(scratch("page"), with: [1], mode: 0o600) }
            #expect(try page.mend() == "\(scratch("page")) was gone, or another file")
            #expect(try page.mend() == nil)
            #expect(try open().page == Page(header: header, records: [changed]))
        }
    }

    @Test("has what was written once it is flushed, and counts a new group's record by then, too")
    func flushed() throws {
        let page = try open()
        try page.write(header)
        try page.flush()
        let others = (2..<80).map { GroupRecord(group: GroupID($0), highestGranted: Term($0)) }
        for other in others { try page.write(other) }
        #expect(try open().page == Page(header: header, records: []))
        try page.flush()
        #expect(try open().page == Page(header: header, records: others))
        try page.write(record)
        var changed = others
        changed[5].highestUsed = Term(9)
        for other in changed { try page.write(other) }
        try page.write(header)
        try page.flush()
        #expect(try open().page == Page(header: header, records: [record] + changed))
    }

    @Test("that says what can't be by this host's clocks is damaged")
    func implausible() throws {
        do {
            let page = try open()
            try page.write(
                PageHeader(
                    incarnation: Incarnation(7),
                    abstentionEnd: Instant(nanoseconds: .max),
                    voterSet: 9
                )
            )
            try page.flush()
        }
        let again = try open()
        #expect(again.page == nil)
        #expect(again.loss == .damaged)
    }
}
