/// What a cluster's status says of the process, which all clusters here have in common.
struct ProcessFacts {
    /// Nanoseconds of CLOCK_BOOTTIME.
    var started: Int64
    /// The longest that a deadline was missed by, in nanoseconds.
    var lateness: Int64
    var logLinesDropped: Int
    /// What was for none of the clusters.
    var strays: DropCounts
}
