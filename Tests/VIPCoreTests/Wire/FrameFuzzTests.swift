import Testing
import VIPCore
import VIPTestSupport

@Suite("Frames and page records under random damage")
struct FrameFuzzTests {
    /// One seed is one damaged frame; `VIP_SEED=…` repeats that one alone.
    static var seeds: Range<UInt64> {
        givenSeed.map { $0..<$0 + 1 } ?? 0..<200_000
    }

    @Test("200,000 damaged frames are refused, or are frames of their own")
    func frames() {
        var accepted = 0
        for seed in Self.seeds {
            var generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 0...5, using: &generator)
            let records = (0..<count).map { _ in pick(WireSample.records, &generator) }
            var octets = damaged(WireSample.frame(records), &generator)
            if octets.count >= 92, Bool.random(using: &generator) {
                // So that more than the first check is reached.
                octets[6] = UInt8(truncatingIfNeeded: octets.count >> 8)
                octets[7] = UInt8(truncatingIfNeeded: octets.count)
            }
            guard let frame = try? Frame(parsing: octets.span) else { continue }
            accepted += 1
            if serialized(frame, key: octets[5]) != octets {
                Issue.record("VIP_SEED=\(seed) \(octets)")
            }
        }
        #expect(accepted > 10_000 || Self.seeds.count == 1)
    }

    @Test("200,000 damaged page records are refused, or are records of their own")
    func pageRecords() {
        var accepted = 0
        for seed in Self.seeds {
            var generator = SeededGenerator(seed: seed)
            let octets = damaged(pick(PageSample.octets, &generator), &generator)
            guard let record = try? GroupRecord(parsing: octets.span) else { continue }
            accepted += 1
            var written: [UInt8] = []
            record.serialize(into: &written)
            if written != octets {
                Issue.record("VIP_SEED=\(seed) \(octets)")
            }
        }
        #expect(accepted > 10_000 || Self.seeds.count == 1)
    }

    private func pick<Element>(
        _ choices: [Element],
        _ generator: inout SeededGenerator
    ) -> Element {
        choices[Int.random(in: choices.indices, using: &generator)]
    }

    /// Up to four times: an octet changed, a bit flipped, octets cut out, doubled, or put in.
    private func damaged(_ whole: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var octets = whole
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !octets.isEmpty {
            let index = Int.random(in: octets.indices, using: &generator)
            let end = min(octets.count, index + Int.random(in: 1...20, using: &generator))
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1: octets[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: octets[index] = .random(in: .min ... .max, using: &generator)
            case 3: octets[index] = pick([0, 1, 0x7F, 0x80, 0xFE, 0xFF], &generator)
            case 4: octets.removeSubrange(index..<end)
            case 5: octets.removeSubrange(index...)
            case 6: octets.insert(contentsOf: Array(octets[index..<end]), at: index)
            default: octets.insert(.random(in: .min ... .max, using: &generator), at: index)
            }
        }
        return octets
    }
}
