/// SplitMix64 (Steele, Lea, Flood 2014): all the chance that an agent has, seeded by its shell.
///
/// Sessions and challenges have to be *new*, not secret: every frame is authenticated.
struct Random: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number that means something: zero stands for "none" wherever these go.
    mutating func nonzero() -> UInt64 {
        let drawn = next()
        return drawn == 0 ? 1 : drawn
    }

    /// Evenly between nothing and `span`, in 1,024 steps.
    mutating func fraction(of span: Duration) -> Duration {
        span * Int(next() & 1023) / 1024
    }
}
