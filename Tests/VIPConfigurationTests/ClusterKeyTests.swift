import Foundation
import Testing
import VIPConfiguration
import VIPTestSupport

@Suite("Cluster key")
final class ClusterKeyTests {
    /// The octets 0 to 31, and 32 times 255.
    static let counting = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let ones = "//////////////////////////////////////////8="

    private let scratch = ScratchDirectory()
    private var folder: String { scratch.path }
    var path: String { folder + "/lb.key" }

    func write(_ text: String, mode: Int = 0o600) {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: mode]
        let data = Data(text.utf8)
        #expect(
            FileManager.default.createFile(atPath: path, contents: data, attributes: attributes)
        )
    }

    func verdict() -> String {
        do throws(ClusterKeyError) {
            _ = try ClusterKeys.load(path: path)
            return ""
        } catch {
            return error.description.replacing(folder, with: "")
        }
    }

    @Test("one line of base64 signs and is accepted")
    func one() throws {
        write("# the key\n\n  \(Self.counting) \r\n")
        let keys = try ClusterKeys.load(path: path)
        #expect(keys.signing.octets == Array(0...31))
        #expect(keys.accepted == [keys.signing])
    }

    @Test("32 zero octets are no key, wherever they stand", arguments: ["", "\(counting)\n"])
    func zeros(before: String) {
        write(before + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        #expect(verdict().contains("of the key is 32 zero octets, which anybody can guess"))
    }

    @Test("of two lines the first signs, and both are accepted")
    func two() throws {
        write("\(Self.ones)\n\(Self.counting)")
        let keys = try ClusterKeys.load(path: path)
        #expect(keys.signing.octets == Array(repeating: 255, count: 32))
        #expect(keys.accepted.map(\.octets) == [Array(repeating: 255, count: 32), Array(0...31)])
    }

    @Test("a key that is read as a configuration is not shown")
    func mistaken() {
        let text = "# vip-agent cluster key\n \(Self.counting)\n"
        #expect(
            Example.verdict(on: text) == """
                vip.toml: error: there is a key in this file, so it is no configuration
                  = help: name the configuration, in which 'key_file' names the key
                """
        )
    }

    @Test("what is generated can be written and loaded, by its owner alone, and is never replaced")
    func generated() throws {
        let key = try ClusterKey.generate()
        #expect(try key != ClusterKey.generate())
        try key.write(to: path)
        #expect(try ClusterKeys.load(path: path).accepted == [key])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect("\(key)" == "ClusterKey(secret)")

        let error = try #require(throws: ClusterKeyError.self) { try key.write(to: self.path) }
        #expect(
            error.description.replacing(folder, with: "") == """
                /lb.key: error: the key cannot be created: File exists (errno 17)
                  = help: a key is never replaced; move it away if it is not in use: mv /lb.key \
                /lb.key.old
                """
        )
    }

    @Test("a missing file is an error")
    func missing() {
        // Where there is a user vip-agent, the command names it.
        let words = verdict()
        #expect(
            words.hasPrefix(
                """
                /lb.key: error: the key cannot be opened: No such file or directory (errno 2)
                  = help: it is the same on every host of the cluster: copy it from another, and \
                `install
                """
            ),
            "\(words)"
        )
        #expect(words.hasSuffix("-m 0600 KEY /lb.key`"), "\(words)")
    }

    @Test("a file that others can read is refused")
    func readable() {
        write(Self.counting, mode: 0o640)
        #expect(
            verdict() == """
                /lb.key: error: the key has mode 0640, so others than its owner can use it
                  = help: chmod 600 /lb.key, and a new key if somebody may have read this one
                """
        )
    }

    @Test("a file of another user is refused", .enabled(if: geteuid() == 0))
    func foreign() {
        write(Self.counting)
        let result = unsafe chown(path, 4242, 0)
        #expect(result == 0)
        #expect(
            verdict() == """
                /lb.key: error: the key belongs to user 4242, who can change it
                  = help: the agent runs as user root: chown root: /lb.key
                """
        )
    }

    @Test("a folder is not a key")
    func directory() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(
            verdict() == """
                /lb.key: error: the key is not a plain file
                  = help: see `ls -ld /lb.key`
                """
        )
    }

    @Test(
        "what is not one or two keys is refused, and never repeated",
        arguments: [
            ("", "there is no key in the file"),
            ("# nothing\n", "there is no key in the file"),
            ("c2VjcmV0", "line 1 of the key has 6 octets, but 32 are wanted"),
            ("\n" + counting + "AA==", "line 2 of the key is not base64"),
            ("hunter2!", "line 1 of the key is not base64"),
            (
                "\(counting)\n\(ones)\n\(counting)",
                "there are 3 keys in the file, but two are the most"
            ),
        ]
    )
    func refused(text: String, message: String) {
        write(text)
        #expect(verdict().split(separator: "\n")[0] == "/lb.key: error: \(message)")
    }
}

@Suite("Loading a configuration")
final class LoadingTests {
    private let scratch = ScratchDirectory()
    private var path: String { scratch("vip.toml") }

    func verdict() -> String {
        do throws(ConfigurationError) {
            return try Configuration.load(path: path).warningText
        } catch {
            return error.description.replacing(path, with: "vip.toml")
        }
    }

    @Test("a good file is read")
    func good() throws {
        try Example.text.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(try Configuration.load(path: path) == Example.configuration())
    }

    @Test("a missing file is an error")
    func missing() {
        #expect(
            verdict() == """
                vip.toml: error: the configuration cannot be opened: No such file or directory \
                (errno 2)
                  = help: for a new cluster, `vip-agent init` writes one, and a key; for one that is \
                there, copy both from another host
                """
        )
    }

    @Test("a folder is an error")
    func folder() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(
            verdict() == """
                vip.toml: error: the configuration cannot be read: Is a directory (errno 21)
                  = help: see `ls -l vip.toml`; a plain file is wanted
                """
        )
    }

    @Test("what is not UTF-8 is an error")
    func notUnicode() throws {
        try Data([0x23, 0x0a, 0x23, 0xe9, 0x0a]).write(to: URL(fileURLWithPath: path))
        #expect(
            verdict() == """
                vip.toml: error: line 2 is not UTF-8
                  = help: save the file as UTF-8; `iconv -f latin1 -t utf-8` converts it
                """
        )
    }

    @Test("more than a mebibyte is an error")
    func tooLarge() throws {
        try Data(repeating: 0x23, count: 1_048_577).write(to: URL(fileURLWithPath: path))
        #expect(
            verdict() == """
                vip.toml: error: the configuration is larger than 1048576 octets
                  = help: see `head vip.toml`; is it the right file?
                """
        )
    }
}
