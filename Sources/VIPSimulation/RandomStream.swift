/// A run's only source of randomness: xoshiro256**, seeded through SplitMix64. Whole numbers only,
/// so that every machine draws the same.
public struct RandomStream: Sendable {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    public init(seed: UInt64) {
        var seed = seed
        func split() -> UInt64 {
            seed &+= 0x9E37_79B9_7F4A_7C15
            var mixed = seed
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        a = split()
        b = split()
        c = split()
        d = split()
    }

    public mutating func next() -> UInt64 {
        let product = b &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = b << 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = d << 45 | d >> 19
        return result
    }

    /// 0 ..< count, all alike.
    public mutating func below(_ count: Int) -> Int {
        precondition(count > 0, "nothing to choose from")
        return Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    public mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(below(Int(range.upperBound - range.lowerBound) + 1))
    }

    /// True this many times in a million.
    public mutating func happens(_ perMillion: Int) -> Bool {
        perMillion > 0 && below(1_000_000) < perMillion
    }

    public mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[below(choices.count)]
    }

    /// Mostly less than twice the mean, sometimes six times: pauses between faults come in crowds.
    public mutating func pause(mean: Int64) -> Int64 {
        let span = within(0...max(1, mean * 3 / 2))
        return happens(125_000) ? span * 3 : span
    }

    /// A source of its own, so that what one part draws does not shift what another one does.
    public mutating func fork() -> RandomStream { RandomStream(seed: next()) }
}
