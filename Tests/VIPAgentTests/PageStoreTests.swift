import Testing
import VIPAgent

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
            try file.write(0, [UInt8](repeating: 7, count: 60).span)
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
