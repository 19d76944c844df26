import Testing
import VIPConfiguration
import VIPTestSupport

@Suite("What hosts compare of their files")
struct FileDigestTests {
    private func configuration(_ change: (String) -> String = { $0 }) throws -> Configuration {
        try Configuration(parsing: change(Self.text), path: "vip.toml")
    }

    private static let text = PairText(
        timing: ["lease = \"500ms\""],
        groups: [
            .init("web", on: "eth0", ["10.77.0.100", "fd77::64"], "prefer = \"lb1\""),
            .init("db", on: "eth0", ["10.77.0.101"]),
        ]
    ).text

    @Test(
        "does not change with what may differ, or with spelling and order",
        arguments: [
            ("\"eth0\"", "\"ens3\""),
            ("[\"10.77.0.100\", \"fd77::64\"]", "[\"fd77:0:0::64/128\", \"10.77.0.100/32\"]"),
            ("/etc/vip-agent/lb.key", "/srv/lb.key"),
            ("\"500ms\"", "\"0.5s\"\nheartbeat = \"100ms\""),
            ("prefer = \"lb1\"", "prefer = \"lb1\"\nenforcement = \"agent\""),
        ]
    )
    func same(old: String, new: String) throws {
        let one = try configuration()
        let other = try configuration { $0.replacing(old, with: new) }
        #expect(one.timingDigest == other.timingDigest)
        #expect(one.groupsDigest == other.groupsDigest)
    }

    @Test("does not change with the order of groups")
    func order() throws {
        let marker = "[[group]]\n"
        let parts = Self.text.split(separator: "[[group]]\n").map(String.init)
        let other = try configuration { _ in
            parts[0] + marker + parts[2] + "\n" + marker + parts[1]
        }
        #expect(try configuration().groupsDigest == other.groupsDigest)
    }

    @Test(
        "changes with each number of the timing",
        arguments: ["heartbeat = \"50ms\"", "drift = 0.003", "margin = \"2ms\""]
    )
    func timing(line: String) throws {
        let other = try configuration { $0.replacing("[timing]", with: "[timing]\n\(line)") }
        #expect(try configuration().timingDigest != other.timingDigest)
        #expect(try configuration().groupsDigest == other.groupsDigest)
    }

    @Test("changes with the lease")
    func lease() throws {
        let other = try configuration { $0.replacing("500ms", with: "600ms") }
        #expect(try configuration().timingDigest != other.timingDigest)
    }

    @Test(
        "changes with whatever has to be the same of a group, and only in that group",
        arguments: [
            ("\"10.77.0.100\", ", ""),
            ("10.77.0.100", "10.77.0.102"),
            ("fd77::64", "fd77::64/64"),
            ("prefer = \"lb1\"", "prefer = \"lb2\""),
            ("prefer = \"lb1\"", ""),
            ("prefer = \"lb1\"", "prefer = \"lb1\"\nfailback = \"automatic\""),
        ]
    )
    func groups(old: String, new: String) throws {
        let one = try configuration()
        let other = try configuration { $0.replacing(old, with: new) }
        #expect(one.groupsDigest != other.groupsDigest)
        #expect(one.timingDigest == other.timingDigest)
        #expect(one.groups[0].digest != other.groups[0].digest)
        #expect(one.groups[1].digest == other.groups[1].digest)
    }

    @Test("is what docs/frames.md says, so that versions agree")
    func literal() throws {
        #expect(try configuration().timingDigest == 0x2DF0_D0E1_396C_D2A1)
        #expect(try configuration().groupsDigest == 0xC2B3_C27F_7E2D_7190)
        #expect(try configuration().groups[1].digest == 0xDFCA_B67A)
    }
}
