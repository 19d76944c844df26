import Glibc
import Synchronization

/// The process that cleans up after a lab, however the lab ends.
///
/// It waits at the end of a pipe that only the lab holds open. Closed on purpose, by Ctrl-C, by a
/// crash, by SIGKILL: the kernel closes it, and the cleaner ends all processes in the lab's hosts,
/// deletes the hosts and the lab's files. There is one way to clean up, so it is always tested.
final class Cleaner: Sendable {
    /// Labs keep their files here, one directory each, and `viplab clean` looks here.
    static let root = "/run/viplab"

    private let process: ChildProcess
    private let pipe: Mutex<Int32>

    /// `$1` is the lab's name, `$2` its directory. Several rounds, as a host that is shutting down
    /// may still start a process between the list and the signal, and a machine's control groups
    /// stay for as long as a process of it is about to end.
    private static let script = """
        trap '' HUP INT TERM
        read -r nothing
        for round in 1 2 3; do
            for host in /run/netns/"$1"-*; do
                [ -e "$host" ] || continue
                for process in $(ip netns pids "${host##*/}"); do kill -KILL "$process"; done
            done
        done
        for host in /run/netns/"$1"-*; do
            [ -e "$host" ] && ip netns delete "${host##*/}"
        done
        while read -r what mount rest; do
            case "$mount" in "$2"/*) umount -l "$mount" ;; esac
        done < /proc/mounts
        for round in 1 2 3 4 5 6 7 8 9 10; do
            left=
            for groups in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
                for machine in "$groups/$1"-*; do
                    [ -d "$machine" ] || continue
                    find "$machine" -depth -type d -exec rmdir {} + 2> /dev/null || left=yes
                done
            done
            [ -n "$left" ] || break
            sleep 0.2
        done
        [ -n "$VIP_LAB_KEEP" ] || rm -rf -- "$2"
        """

    init(of lab: String, directory: String) throws(LabError) {
        let pipe = try Pipe()
        let null = try Self.openNull()
        process = try ChildProcess.start(
            ["/bin/sh", "-c", Self.script, "viplab-cleaner", lab, directory],
            in: nil,
            streams: .init(input: pipe.reading, output: null.number, error: null.number)
        )
        self.pipe = Mutex(pipe.releaseWriting())
    }

    /// Lets the cleaner do its work, and waits for its end.
    func dismiss() {
        pipe.withLock { descriptor in
            guard descriptor >= 0 else { return }
            close(descriptor)
            descriptor = -1
        }
        _ = process.wait(until: Moment.now + .seconds(20))
    }

    deinit {
        dismiss()
    }

    /// Removes what killed labs have left, should their cleaners have been killed too. Labs that
    /// still run are not touched. The names of those removed.
    static func sweep() throws(LabError) -> [String] {
        var removed: [String] = []
        for lab in Files.names(in: root) {
            let directory = "\(root)/\(lab)"
            let owner = Files.read("\(directory)/owner")
            if let owner, owner == identity(of: pid_t(owner.prefix { $0 != " " }) ?? 0) { continue }
            let cleaner = try Cleaner(of: lab, directory: directory)
            cleaner.dismiss()
            removed.append(lab)
        }
        return removed
    }

    /// A process number and when it started, as numbers are used again. Nil if there is none.
    static func identity(of process: pid_t) -> String? {
        guard let status = Files.read("/proc/\(process)/stat"),
            let name = status.lastIndex(of: ")")
        else { return nil }
        // Field 22 of proc(5); the fields after the name start with the third.
        let fields = status[status.index(after: name)...].split(separator: " ")
        guard fields.count > 19 else { return nil }
        return "\(process) \(fields[19])"
    }

    static func openNull() throws(LabError) -> Descriptor {
        let descriptor = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open /dev/null") }
        return Descriptor(descriptor)
    }
}
