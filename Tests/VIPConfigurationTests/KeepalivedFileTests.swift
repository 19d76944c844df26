import Foundation
import Testing
import VIPConfiguration
import VIPKeepalived
import VIPTestSupport

@Suite("Files of keepalived")
final class KeepalivedFileTests {
    private let scratch = ScratchDirectory()
    private var folder: String { scratch.path }
    var path: String { folder + "/keepalived.conf" }

    init() {
        change(folder, to: 0o755)
    }

    private func write(_ text: String, to name: String = "keepalived.conf", mode: mode_t = 0o644) {
        let path = "\(folder)/\(name)"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
        change(path, to: mode)
    }

    private func change(_ path: String, to mode: mode_t) {
        let result = unsafe chmod(path, mode)
        #expect(result == 0)
    }

    private func translation() throws(KeepalivedError) -> KeepalivedTranslation {
        try KeepalivedTranslation(
            path: path,
            into: ConfigurationTemplate(
                cluster: "lb",
                keyFile: "/etc/vip-agent/lb.key",
                nodes: Keepalived.pair,
                witness: nil,
                groups: []
            ),
            host: "lb1"
        )
    }

    private func refusal() -> String {
        do throws(KeepalivedError) {
            _ = try translation()
            return ""
        } catch {
            return "\(error.reason): \(error)".replacing(folder, with: "")
        }
    }

    @Test("are private if others may not read one of them, or may not look where it is")
    func privacy() throws {
        write("include conf.d/*.conf\n")
        try FileManager.default.createDirectory(
            atPath: folder + "/conf.d",
            withIntermediateDirectories: false
        )
        write("global_defs {\n}\n", to: "conf.d/1.conf")
        change(folder + "/conf.d", to: 0o755)
        #expect(try translation().privateFile == nil)
        change(folder + "/conf.d/1.conf", to: 0o640)
        #expect(try translation().privateFile == folder + "/conf.d/1.conf")
        change(folder + "/conf.d/1.conf", to: 0o644)
        change(folder + "/conf.d", to: 0o700)
        #expect(try translation().privateFile == folder + "/conf.d/1.conf")
        change(path, to: 0o600)
        #expect(try translation().privateFile == path)
    }

    @Test(
        "are plain: whatever else is included is not opened, and told with its place",
        arguments: [
            ("/dev/zero", "/dev/zero", "a device"), ("/dev/nul*", "/dev/null", "a device"),
            ("fifo", "/fifo", "a FIFO"), ("more", "/more", "a directory"),
            ("m*", "/more", "a directory"),
        ]
    )
    func plain(pattern: String, name: String, kind: String) throws {
        let result = unsafe mkfifo(folder + "/fifo", 0o644)
        #expect(result == 0)
        try FileManager.default.createDirectory(
            atPath: folder + "/more",
            withIntermediateDirectories: false
        )
        write("vrrp_instance A {\n  include \(pattern)\n}\n")
        #expect(
            refusal() == """
                unreadable: /keepalived.conf:2:3: error: \(name): the configuration of keepalived is \
                not a plain file, but \(kind)
                 2 |   include \(pattern)
                   |   ^~~~~~~
                   = help: see `ls -ld \(name)`
                """
        )
    }

    @Test("show nothing of their names that could command a terminal")
    func names() {
        write("include *.conf.d\n")
        let name = folder + "/b\u{1B}[31m\u{202E}.conf.d"
        #expect(FileManager.default.createFile(atPath: name, contents: Data([0xff])))
        #expect(
            refusal() == """
                unreadable: /keepalived.conf:1:1: error: /b�[31m�.conf.d: line 1 is not UTF-8
                 1 | include *.conf.d
                   | ^~~~~~~
                   = help: see `ls -ld /b�[31m�.conf.d`
                """
        )
    }
}
