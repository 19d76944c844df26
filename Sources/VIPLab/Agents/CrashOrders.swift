import Glibc
import Synchronization

/// The orders to die that a host's agent obeys, if it was built so: at which point between two
/// effects, and which points it has passed so far.
public final class CrashOrders: Sendable {
    public let host: Host
    let directory: String
    private let round = Atomic<UInt64>(0)

    private var orderFile: String { "\(directory)/order" }

    /// Makes the directory that the agent of the host is to find in `VIP_CRASH_POINTS`.
    init(in lab: Lab, of host: Host) throws(LabError) {
        self.host = host
        directory = "\(lab.directory)/\(host)/crash-points"
        try Files.makeDirectory(directory)
        try order(0, after: 0)
    }

    /// The agent kills itself when it passes the point the next time.
    ///
    /// - Parameter times: How often it is to live through it before.
    public func arm(_ point: String, after times: Int = 0) throws(LabError) {
        let hash = point.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        try order(hash, after: times)
    }

    public func disarm() throws(LabError) { try order(0, after: 0) }

    /// Whether an order was given and not carried out yet.
    public var isArmed: Bool {
        guard let octets = Files.readOctets(orderFile), octets.count >= 8 else { return false }
        return octets[0..<8].contains { $0 != 0 }
    }

    /// Places that were passed before are forgotten, and noted again when they are passed again.
    public func forget() throws(LabError) {
        let descriptor = unsafe open("\(directory)/passed", O_WRONLY | O_CLOEXEC)
        if descriptor >= 0 {
            ftruncate(descriptor, 0)
            close(descriptor)
        }
        round.add(1, ordering: .relaxed)
        try order(0, after: 0)
    }

    /// Written in place, as the agent has the file mapped; the count before the order.
    private func order(_ hash: UInt64, after times: Int) throws(LabError) {
        let descriptor = unsafe open(orderFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open \(orderFile)") }
        defer { close(descriptor) }
        let round = round.load(ordering: .relaxed)
        for (offset, number) in [(0, 0), (8, UInt64(times)), (16, round), (0, hash)] {
            let octets = (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
            guard unsafe pwrite(descriptor, octets, 8, off_t(offset)) == 8 else {
                throw .system("write to \(orderFile)")
            }
        }
    }

    /// Every point that agents of this host have passed, in the order of the first time.
    public var passed: [String] {
        var known: Set<Substring> = []
        return (Files.read("\(directory)/passed") ?? "").split(separator: "\n")
            .filter { known.insert($0).inserted }
            .map(String.init)
    }
}
