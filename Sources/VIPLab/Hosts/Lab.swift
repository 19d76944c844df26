import CLab
import Glibc
import Synchronization

/// Hosts as network namespaces on a switch, with real agents in them.
///
/// A lab has a random name, so that many can run beside each other, and is cleaned up however it
/// ends (see `Cleaner`). Its calls block, and may be made from any thread.
public final class Lab: Sendable {
    public let options: LabOptions
    /// Also the prefix of its namespaces' names: `vip3f9a1c-lb1`.
    public let name: String
    /// Configuration, key, logs, and the directories of the agents.
    public let directory: String

    let cleaner: Cleaner
    /// In the switch's namespace, to pull cables out with.
    let switchSocket: Descriptor
    let running = Mutex(Running())
    let faults = Mutex(Faults())

    /// The processes in the hosts.
    struct Running: Sendable {
        var agents: [Host: ChildProcess] = [:]
        var supervisors: [Host: Supervisor] = [:]
        var others: [ChildProcess] = []
    }

    public static let voterPort: UInt16 = 7694

    public init(_ options: LabOptions = LabOptions()) throws(LabError) {
        guard geteuid() == 0 else {
            throw LabError("set up a lab", found: "this is not root", advice: "run it as root")
        }
        let name = "vip" + String(UInt32.random(in: 0x10_0000..<0x100_0000), radix: 16)
        let directory = "\(Cleaner.root)/\(name)"
        try Files.makeDirectory(Cleaner.root)
        try Files.makeDirectory(directory)
        let owner = Cleaner.identity(of: getpid()) ?? ""
        try Files.write(owner, to: "\(directory)/owner")
        cleaner = try Cleaner(of: name, directory: directory)

        self.options = options
        self.name = name
        self.directory = directory
        try Wiring(name: name, networks: options.networks).lay()
        switchSocket = try Self.switchNamespace(of: name).run { () throws(LabError) in
            let number = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard number >= 0 else { throw .system("make a socket in the switch") }
            return Descriptor(number)
        }
        try layOutFiles()
        try applyFaults { _ in }
    }

    deinit {
        close()
    }

    /// Ends all processes and removes everything. May be called more than once.
    public func close() {
        let (processes, supervisors) = running.withLock { running in
            defer { running = Running() }
            return (
                Array(running.agents.values) + running.others,
                Array(running.supervisors.values)
            )
        }
        for supervisor in supervisors { supervisor.end() }
        for process in processes { process.send(signal: SIGKILL) }
        for process in processes { process.killAndWait() }
        cleaner.dismiss()
    }

    /// Whether its files are there. A lab is closed when the last reference to it goes, which may
    /// be right after its last use: who only waits asks this, and so goes on using it.
    public var isThere: Bool { Files.read("\(directory)/owner") != nil }

    /// Removes what labs have left that were killed together with their cleaners.
    public static func clean() throws(LabError) -> [String] {
        try Cleaner.sweep()
    }

    public func namespace(of host: Host) -> NetworkNamespace {
        NetworkNamespace(name: "\(name)-\(host.rawValue)")
    }

    static func switchNamespace(of lab: String) -> NetworkNamespace {
        NetworkNamespace(name: "\(lab)-sw")
    }

    // MARK: Faults of the network. All of them return the moment just before they were done.

    /// Changes what is wrong with the network; what was wrong before stays wrong.
    @discardableResult
    public func applyFaults(_ change: (inout Faults) -> Void) throws(LabError) -> Moment {
        let rules = faults.withLock { faults in
            change(&faults)
            return faults.ruleset(port: Self.voterPort)
        }
        let moment = Moment.now
        try Command("nft -f -", in: Self.switchNamespace(of: name), input: rules).runSuccessfully()
        return moment
    }

    /// Everything gets through again. Cables that were pulled out stay out.
    @discardableResult
    public func heal() throws(LabError) -> Moment {
        try applyFaults { $0 = Faults() }
    }

    /// Pulls a host's cable out, or those of some networks: it loses its carrier.
    @discardableResult
    public func cut(
        _ host: Host,
        on networks: [Network] = Network.allCases
    ) throws(LabError) -> Moment {
        try setCable(of: host, on: networks, plugged: false)
    }

    /// Plugs the cables in again.
    @discardableResult
    public func plug(
        _ host: Host,
        on networks: [Network] = Network.allCases
    ) throws(LabError) -> Moment {
        try setCable(of: host, on: networks, plugged: true)
    }

    /// Takes a host's network cards out, or puts new ones in.
    public func removeCards(_ host: Host) throws(LabError) {
        try Wiring(name: name, networks: options.networks).removeCards(of: host)
    }

    public func insertCards(_ host: Host) throws(LabError) {
        try Wiring(name: name, networks: options.networks).insertCards(of: host)
    }

    private func setCable(
        of host: Host,
        on networks: [Network],
        plugged: Bool
    ) throws(LabError) -> Moment {
        let moment = Moment.now
        for network in networks
        where options.networks.contains(network) && network.hosts.contains(host) {
            let port = network.port(of: host)
            guard unsafe clab_set_interface_up(switchSocket.number, port, plugged ? 1 : 0) == 0
            else {
                throw .system("\(plugged ? "plug in" : "pull out") the cable of \(host) (\(port))")
            }
        }
        return moment
    }
}
