import CNetlink
import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPPlatform
import VIPTestSupport

@Suite("New file")
struct NewFileTests {
    let scratch = ScratchDirectory()

    @Test(
        "is for those alone whom it is for",
        .enabled(if: isRoot, "only root may give files away"),
        arguments: [
            (NewFile.Readers.everybody, 0, 0o644), (.owner, 0, 0o600),
            (.ownerAndGroup(of: User(name: "other", number: 4242, group: 4243)), 4243, 0o640),
        ] as [(NewFile.Readers, gid_t, mode_t)]
    )
    func readers(readers: NewFile.Readers, group: gid_t, mode: mode_t) throws {
        try NewFile.write("a = 1\n", to: scratch("a.toml"), for: readers)
        var status = stat()
        #expect(unsafe stat(scratch("a.toml"), &status) == 0)
        #expect((status.st_uid, status.st_gid) == (0, group))
        #expect(status.st_mode & 0o7777 == mode)
    }

    @Test("does not replace what is there")
    func existing() throws {
        try NewFile.write("a = 1\n", to: scratch("a.toml"))
        #expect(throws: StartupFailure.self) {
            try NewFile.write("a = 2\n", to: scratch("a.toml"), for: .owner)
        }
        #expect(try WholeFile.read(scratch("a.toml"), most: 100) == Array("a = 1\n".utf8))
    }
}
