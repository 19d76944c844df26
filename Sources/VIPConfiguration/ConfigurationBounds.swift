/// Everything has a bound, and each bound its reason.
package enum ConfigurationBounds {
    /// 4,096 groups with all their addresses take up less than half of it; what is larger is not a
    /// configuration.
    package static let fileOctets = 1 << 20

    /// Below, the timers of the kernel are too coarse; above, nobody is served by an agent.
    static let heartbeat = Duration.milliseconds(1)...Duration.seconds(10)
    /// The renewals that have to be lost in a row before a lease ends.
    static let fewestHeartbeatsPerLease = 2
    /// With fewer, the loss of two frames moves an address: advised, not enforced.
    static let advisedHeartbeatsPerLease = 3
    /// A new incarnation abstains for that long; longer, and a reboot is an outage of its own.
    static let longestLease = Duration.seconds(30)
    /// Oscillators differ by 0.02 %; 5 % is beyond all that tick.
    static let drift = 0.0...0.05
    static let partsPerMillion = 1_000_000
    /// The margin shortens the lease of an owner; a quarter leaves it enough to renew in.
    static let marginsPerLease = 4
    package static let failbackDelay = Duration.zero...Duration.seconds(86_400)

    /// A majority of more is slower and no safer; the page and the frames are laid out for it.
    static let voters = 9
    /// Every frame is sent over every path.
    package static let pathsPerVoter = 4
    /// The kernel's list of an interface's addresses is linear: 1,000 take 20 ms to add, 10,000
    /// take 2.3 s.
    static let addresses = 4096
    /// The gate has slots for twice as many: those of a configuration and of the one before it.
    static let groups = 2000
    /// Each is started once an interval on a host that has better things to do.
    static let checks = 256
    static let wordsOfCommand = 64

    /// A label of DNS has at most 63.
    package static let nameOctets = 1...63
    /// ALTIFNAMSIZ without the null: an alternative name may be longer than the first one.
    static let interfaceOctets = 1...127
    /// What the kernel keeps of a process's name (TASK_COMM_LEN without the null).
    package static let processOctets = 1...15
    /// PATH_MAX without the null.
    static let pathOctets = 1...4095

    package static let checkInterval = Duration.milliseconds(100)...Duration.seconds(3600)
    /// The upper bound is the interval.
    package static let shortestCheckTimeout = Duration.milliseconds(10)
    package static let checkCount = 1...100
}
