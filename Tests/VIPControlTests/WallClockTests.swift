import Testing
import VIPControl

@Suite("Wall clock")
struct WallClockTests {
    @Test(
        "is written as RFC 3339 in UTC",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999Z"),
            (951_782_399, 1_000_000, "2000-02-28T23:59:59.001Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
            (951_868_800, 0, "2000-03-01T00:00:00.000Z"),
            (1_078_012_800, 0, "2004-02-29T00:00:00.000Z"),
            (1_795_249_500, 123_456_789, "2026-11-21T08:25:00.123Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
            (4_107_542_399, 0, "2100-02-28T23:59:59.000Z"),
            (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, Int64, String)]
    )
    func formatting(seconds: Int64, nanoseconds: Int64, text: String) {
        #expect(WallClock(seconds: seconds, nanoseconds: nanoseconds).rfc3339() == text)
    }

    @Test("without a fraction, if none is wanted")
    func seconds() {
        let time = WallClock(seconds: 1_795_249_500, nanoseconds: 999_999_999)
        #expect(time.rfc3339(.seconds) == "2026-11-21T08:25:00Z")
    }

    @Test("a clock that is broken does not trap")
    func extremes() {
        #expect(WallClock(seconds: .max).rfc3339(.seconds) == "9999-12-31T23:59:59Z")
        #expect(WallClock(seconds: .min).rfc3339(.seconds) == "0000-01-01T00:00:00Z")
    }
}
