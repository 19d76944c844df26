import Testing
import VIPCore
import VIPHost

@Suite("The pace of changes")
struct PacingTests {
    @Test("lets the first through, and the next after 10 ms")
    func pace() {
        var pacing = ChangePacing()
        let start = Instant(nanoseconds: 1_000_000_000)
        #expect(pacing.begin(at: start) == .now)
        let soon = start + .milliseconds(9)
        #expect(pacing.begin(at: soon) == .later(start + .milliseconds(10)))
        #expect(pacing.begin(at: start + .milliseconds(10)) == .now)
    }
}
