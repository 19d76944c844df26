import Testing
import VIPAgent

@Suite("Warnings")
struct WarningsTests {
    private let hour: Int64 = 3_600_000_000_000

    @Test("of one subject the latest stands, for an hour after it was seen last")
    func age() {
        var warnings = Warnings()
        warnings.note("lb1 from here", about: "lb1", at: 0)
        warnings.note("full", at: 10)
        warnings.note("lb1 from there", about: "lb1", at: 20)
        #expect(warnings.texts(at: 20) == ["full", "lb1 from there"])
        #expect(warnings.texts(at: hour + 9) == ["full", "lb1 from there"])
        #expect(warnings.texts(at: hour + 10) == ["lb1 from there"])
        #expect(warnings.texts(at: hour + 20) == [])
        warnings.clear("lb1")
        #expect(warnings.texts(at: 20) == ["full"])
    }

    @Test("of too many the oldest goes, not the newest")
    func most() {
        var warnings = Warnings()
        for number in 0..<40 { warnings.note("\(number)", at: Int64(number)) }
        #expect(warnings.texts(at: 40) == (8..<40).map { "\($0)" })
    }

    @Test("that were handed over keep their age, and give way to what is known newer")
    func takeOver() {
        var warnings = Warnings()
        warnings.note("new", about: "a", at: 100)
        warnings.takeOver([
            Warnings.Entry(subject: "a", text: "old", seen: 50),
            Warnings.Entry(subject: "b", text: "other", seen: 60),
        ])
        #expect(warnings.texts(at: 100) == ["other", "new"])
        #expect(warnings.texts(at: hour + 60) == ["new"])
    }
}
