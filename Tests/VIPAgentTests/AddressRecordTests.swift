import Testing
import VIPAgent
import VIPConfiguration
import VIPPlatform
import VIPTestSupport

@Suite("The map of addresses on record")
struct AddressRecordTests {
    private func configuration(_ groups: (name: String, addresses: [String])...) throws
        -> Configuration
    {
        let text = PairText(
            voters: ["lb1", "lb2"],
            groups: groups.map { .init($0.name, on: "eth0", $0.addresses) }
        ).text
        return try Configuration(parsing: text, path: "vip.toml")
    }

    private func contents(_ addresses: [String]?) -> StateStore.Contents {
        var contents = StateStore.Contents()
        contents.addresses = addresses
        return contents
    }

    @Test("keeps an address that has left with the group that it was in")
    func gone() throws {
        let kept = addressesOnRecord(
            adding: try configuration(("web", ["10.77.0.100"])),
            to: contents(["10.77.0.100 web", "10.77.0.101 web"])
        )
        #expect(kept == ["10.77.0.100 web", "10.77.0.101 web"])
    }

    @Test("so that it waits when it comes to another group in two steps, too")
    func twoSteps() throws {
        let first = addressesOnRecord(
            adding: try configuration(("web", ["10.77.0.100"])),
            to: contents(["10.77.0.100 web", "10.77.0.101 web"])
        )
        let changes = forbiddenChanges(
            from: contents(first),
            to: try configuration(("web", ["10.77.0.100"]), ("mail", ["10.77.0.101"]))
        )
        #expect(changes.contains("10.77.0.101 was in group web and is now in mail"))
    }

    @Test("lets it come back to its own group")
    func back() throws {
        let first = addressesOnRecord(
            adding: try configuration(("web", ["10.77.0.100"])),
            to: contents(["10.77.0.101 web"])
        )
        var before = contents(first)
        before.voters = nil
        let again = try configuration(("web", ["10.77.0.100", "10.77.0.101"]))
        #expect(forbiddenChanges(from: before, to: again) == [])
    }

    @Test("is the configuration's own where nothing was on record")
    func nothing() throws {
        let kept = addressesOnRecord(
            adding: try configuration(("web", ["10.77.0.100"])),
            to: contents(nil)
        )
        #expect(kept == ["10.77.0.100 web"])
    }
}

@Suite("The offset of a time namespace")
struct TimeNamespaceTests {
    @Test(
        "is that of boottime alone",
        arguments: [
            ("monotonic           0         0\nboottime            0         0\n", false),
            ("monotonic           5         1\nboottime            0         0\n", false),
            ("monotonic           0         0\nboottime        86400         0\n", true),
            ("monotonic           0         0\nboottime            0        -1\n", true),
            ("", false),
        ]
    )
    func offset(text: String, isShifted: Bool) {
        #expect(ClockReading.hasBootOffset(text) == isShifted)
    }

    @Test("is none here")
    func here() {
        #expect(!ClockReading.bootIsShifted())
    }
}
