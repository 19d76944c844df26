import CLab
import Glibc
import Synchronization

/// A host of a lab that boots: an init, a service manager, a package manager, in the host's network
/// namespace.
///
/// What it writes is in memory and gone with the lab. `/run` and the like are new at every boot, as
/// on any machine; what the kernel keeps of the network outlives the container and is taken away by
/// `forget`.
public final class Machine: Sendable {
    public let host: Host

    private let lab: Lab
    private let directory: String
    private let process = Mutex<ChildProcess?>(nil)
    private let disk = Mutex<StateDisk?>(nil)

    var root: String { "\(directory)/root" }

    /// Not booted yet.
    init(_ image: MachineImage, as host: Host, in lab: Lab) throws(LabError) {
        self.host = host
        self.lab = lab
        directory = "\(lab.directory)/machine-\(host)"
        for name in ["", "/upper", "/work", "/root"] {
            try Files.makeDirectory(directory + name)
        }
        let layers = "lowerdir=\(image.directory),upperdir=\(directory)/upper"
        try Command("mount -t overlay overlay -o \(layers),workdir=\(directory)/work \(root)")
            .runSuccessfully()
        try Files.write("\(host)\n", to: "\(root)/etc/hostname")
        let identity = (0..<32).map { _ in String(Int.random(in: 0..<16), radix: 16) }
        try Files.write(identity.joined() + "\n", to: "\(root)/etc/machine-id")
    }

    // MARK: Power

    /// Switches it on, and waits until everything has been started that is started at a boot.
    @discardableResult
    public func boot(waiting: Bool = true) throws(LabError) -> Moment {
        let moment = Moment.now
        let path = "\(directory)/console"
        let console = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard console >= 0 else { throw .system("open \(path)") }
        let output = Descriptor(console)
        let null = try Cleaner.openNull()
        let started = try ChildProcess.start(
            [
                "/bin/sh", "-ec", Self.bootScript, "\(lab.name)-\(host)",
                "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot",
                "--machine=\(lab.name)-\(host)", "--directory=\(root)",
                "--network-namespace-path=\(lab.namespace(of: host).path)",
                "--capability=all", "--system-call-filter=bpf", "--console=pipe",
                "--link-journal=no", "--resolv-conf=off", "--timezone=off",
            ] + disk.withLock { $0.map { ["--bind=\($0.mount):/var/lib/vip-agent"] } ?? [] },
            in: nil,
            streams: .init(input: null.number, output: output.number, error: output.number)
        )
        process.withLock { $0 = started }
        if waiting { try waitForBoot() }
        return moment
    }

    /// `$0` names the control group: each service manager has to have one for itself, or they see
    /// each other's services as their own. Where the host has the groups of both versions, systemd
    /// uses both.
    private static let bootScript = """
        for groups in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
            [ -e "$groups/cgroup.procs" ] || continue
            mkdir -p "$groups/$0"
            echo $$ > "$groups/$0/cgroup.procs"
        done
        exec "$@"
        """

    public func waitForBoot() throws(LabError) {
        let deadline = Moment.now + .seconds(60)
        while Moment.now < deadline {
            // "degraded" is for the test to look into; before that it is starting.
            if let output = try? run("systemctl", "is-system-running", "--wait"),
                ["running", "degraded"].contains(output.output.trimmed)
            {
                return
            }
            sleep(for: .milliseconds(50))
        }
        throw LabError(
            "boot \(host)",
            found: "it was not done after 60 s; its console: "
                + (Files.read("\(directory)/console") ?? "").suffix(2000)
        )
    }

    /// Its end without any good-bye: everything in it is gone, and the cable too. The kernel
    /// forgets what a machine without power forgets.
    @discardableResult
    public func powerOff() throws(LabError) -> Moment {
        let moment = try lab.cut(host)
        try kill()
        try forget()
        return moment
    }

    /// The cable back in, and on.
    public func powerOn(waiting: Bool = true) throws(LabError) {
        try lab.plug(host)
        try boot(waiting: waiting)
    }

    /// As its operator does it: everything is stopped first.
    @discardableResult
    public func reboot() throws(LabError) -> Moment {
        let moment = Moment.now
        try shutDown()
        try boot()
        return moment
    }

    public func shutDown() throws(LabError) {
        // The command may be ended by what it asks for.
        _ = try run("systemctl", "--no-block", "poweroff")
        let ended = process.withLock { $0 }?.wait(until: .now + .seconds(60))
        guard ended != nil else {
            throw LabError("shut down \(host)", found: "it was not done after 60 s")
        }
        process.withLock { $0 = nil }
        try forget()
    }

    private func kill() throws(LabError) {
        guard let started = process.withLock({ $0 }) else { return }
        // Ending systemd-nspawn would leave its container running.
        if let first = try? self.first() { Glibc.kill(first, SIGKILL) }
        if started.wait(until: .now + .seconds(10)) == nil { started.killAndWait() }
        process.withLock { $0 = nil }
    }

    /// Addresses that were not there when the lab was laid out, filters, and rules of nftables: a
    /// namespace keeps them, a machine that was off has lost them.
    private func forget() throws(LabError) {
        try lab.clearCards(of: host)
        _ = try Command("nft flush ruleset", in: lab.namespace(of: host)).run()
    }

    /// Gives the agent's state directory a disk of its own, from the next boot on.
    public func addStateDisk() throws(LabError) -> StateDisk {
        let added = try StateDisk(in: directory, insteadOf: "\(root)/var/lib/vip-agent")
        disk.withLock { $0 = added }
        return added
    }

    // MARK: What its operator does

    /// The number of its first process, as this host counts.
    func first() throws(LabError) -> pid_t {
        guard let outer = process.withLock({ $0?.identifier }),
            let children = Files.read("/proc/\(outer)/task/\(outer)/children"),
            let child = children.split(separator: " ").first.flatMap({ pid_t($0) })
        else {
            throw LabError("find the first process of \(host)", found: "the machine is not on")
        }
        return child
    }

    /// What a command is to be preceded by so that it runs in the machine, as root.
    public var entrance: [String] {
        get throws(LabError) {
            [
                "nsenter", "-t", "\(try first())", "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w",
                "--", "env", "-i", "HOME=/", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ]
        }
    }

    /// Runs a command in the machine, as root: its words are split at blanks, what follows it is
    /// taken as it is.
    @discardableResult
    public func run(
        _ command: String,
        _ arguments: String...,
        input: String = "",
        limit: Duration = .seconds(60)
    ) throws(LabError) -> ToolResult {
        let words = command.split(separator: " ").map(String.init) + arguments
        var command = Command(try entrance + words)
        command.input = input
        command.limit = limit
        return try command.run()
    }

    /// The same with a shell, which has to succeed; what it wrote to standard output.
    @discardableResult
    public func shell(
        _ script: String,
        limit: Duration = .seconds(60)
    ) throws(LabError) -> String {
        let output = try run("sh", "-ec", script, limit: limit)
        guard output.isSuccess else {
            throw LabError("run '\(script)' on \(host)", found: "\(output.status): \(output.words)")
        }
        return output.output
    }

    /// Puts a file of this host into the machine.
    public func copy(_ path: String, to destination: String) throws(LabError) {
        try Command("cp --no-preserve=all", path, root + destination).runSuccessfully()
    }

    public func journal(_ arguments: String = "-u vip-agent -b") throws(LabError) -> String {
        try shell("journalctl --no-pager -o cat \(arguments)")
    }

    deinit {
        try? kill()
    }
}

extension String {
    /// Without the line break that a command's only line ends with.
    fileprivate var trimmed: String { split(separator: "\n").first.map(String.init) ?? "" }
}
