import Glibc

/// The same numbers from the same seed, on every machine (SplitMix64, Steele et al. 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    public mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }

    public mutating func pick<Value>(_ values: [Value]) -> Value {
        values.randomElement(using: &self)!
    }
}

/// What a failure has printed as `VIP_SEED=…`, if the environment names it.
public let givenSeed: UInt64? = {
    guard let text = unsafe getenv("VIP_SEED") else { return nil }
    let seed = unsafe UInt64(String(cString: text))
    precondition(seed != nil, "VIP_SEED is no number")
    return seed
}()
