import Testing

@Suite("Diagnostics about announcements")
struct AnnouncementDiagnosticTests {
    /// With a lease of 10 ms; each address on a line of its own, from line 27 on.
    private static func verdict(addresses count: Int) -> String {
        let list = (0..<count).map { "\"10.79.\($0 / 200).\($0 % 200 + 1)\",\n" }.joined()
        var text = Example.text
        for (old, new) in [
            ("\"10.77.0.100\", \"fd77::64\"", "\n" + list), ("\"500ms\"", "\"10ms\""),
            ("\"100ms\"", "\"2ms\""),
        ] {
            guard let range = text.firstRange(of: old) else { return "no \(old)" }
            text = text.replacingCharacters(in: range, with: new)
        }
        return Example.verdict(on: text)
    }

    @Test("more addresses than can be announced within a lease are warned of")
    func tooMany() {
        #expect(
            Self.verdict(addresses: 321) == """
                vip.toml:347:1: warning: 321 addresses take 11ms to be announced, longer than a \
                lease of 10ms: after a takeover, clients of the last ones wait for that beside the \
                lease
                 347 | "10.79.1.121",
                     | ^~~~~~~~~~~~~
                     = help: 32 frames leave in a millisecond, so that switches and neighbours keep \
                up; write a longer lease, or fewer addresses
                """
        )
    }

    @Test("as many as can be are not")
    func asMany() {
        #expect(Self.verdict(addresses: 320) == "")
    }
}
