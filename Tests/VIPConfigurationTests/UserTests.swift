import Foundation
import Testing
import VIPConfiguration
import VIPTestSupport

@Suite("User")
final class UserTests {
    private let scratch = ScratchDirectory()
    private var folder: String { scratch.path }
    let other = User(name: "other", number: 4242, group: 4243)

    init() { #expect(unsafe chmod(scratch.path, 0o755) == 0) }

    @Test("has the name that the host knows, or else a number, which has no group of its own")
    func names() throws {
        #expect(User.name(of: 0) == "root")
        #expect(User.name(of: 4_242_424) == "4242424")
        let root = try #require(User(named: "root"))
        #expect((root.name, root.number, root.group) == ("root", 0, 0))
        #expect(root.owner == "root:")
        #expect(User(name: "4242424", number: 4_242_424, group: 0).owner == "4242424")
        #expect(User(named: "nobody-has-this-name") == nil)
    }

    @Test(
        "can read what owner, group or others may, whichever of them it is",
        .enabled(if: geteuid() == 0),
        arguments: [
            (mode_t(0o600), uid_t(0), gid_t(0), false), (0o600, 4242, 0, true),
            (0o640, 0, 4243, true), (0o640, 0, 0, false), (0o644, 0, 0, true),
            (0o044, 4242, 0, false), (0o604, 0, 4243, false),
        ]
    )
    func modes(mode: mode_t, owner: uid_t, group: gid_t, isReadable: Bool) {
        let path = "\(folder)/file"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let results = unsafe [chmod(path, mode), chown(path, owner, group)]
        #expect(results == [0, 0])
        #expect(other.canRead(path) == isReadable)
        let closed = unsafe chmod(folder, 0o700)
        #expect(closed == 0)
        #expect(!other.canRead(path))
    }

    @Test("is given the key that is made for it", .enabled(if: geteuid() == 0))
    func key() throws {
        try ClusterKey.generate().write(to: "\(folder)/lb.key", for: other)
        #expect(other.canRead("\(folder)/lb.key"))
        var status = stat()
        #expect(unsafe stat("\(folder)/lb.key", &status) == 0)
        #expect((status.st_uid, status.st_gid, status.st_mode & 0o777) == (4242, 4243, 0o600))
    }
}
