/// What a cluster's status says of the process, which all clusters here have in common.
struct ProcessFacts {
    /// Nanoseconds of CLOCK_BOOTTIME.
    var started: Int64
    /// How many times it has become another program.
    var generation: Int64
    var lateness: Lateness
    /// Why this host could not stand a failure.
    var reasons: [String]
    var warnings: [String]
    var logLinesDropped: Int
    /// What was for none of the clusters.
    var unclaimed: DropCounts
    /// What the kernel did not give to the voters' ports.
    var droppedInKernel: UInt64
}
