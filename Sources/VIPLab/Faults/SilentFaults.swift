import Glibc
import VIPControl

/// What breaks a cluster that goes on as if nothing were the matter.
extension Lab {
    /// Somebody switches IPv6 off on a host, or on again.
    public func setIPv6(of host: Host, disabled: Bool) throws(LabError) {
        try namespace(of: host).run { () throws(LabError) in
            try Files.write(
                disabled ? "1" : "0",
                to: "/proc/sys/net/ipv6/conf/all/disable_ipv6"
            )
        }
    }

    /// From now on nothing that a host's agent puts on record about leases gets to its disk: a
    /// directory that is not empty is in the way, as a full or broken disk would be.
    public func spoilLeaseRecord(of host: Host) throws(LabError) {
        let record = "\(setup(of: host).stateDirectory)/lease"
        try Command("rm", "-rf", record).runSuccessfully()
        try Files.makeDirectory(record)
        try Files.write("in the way\n", to: "\(record)/file")
    }

    /// Somebody gives a host the key of another cluster, and restarts its agent.
    public func giveAnotherKey(to host: Host) throws(LabError) {
        let file = "\(directory)/other.key"
        try Files.write(String(repeating: "Wlpa", count: 10) + "Wlo=\n", to: file, mode: 0o600)
        var setup = setup(of: host)
        setup.configurationFile = try write(
            options.configuration.text(keyFile: file),
            named: "\(host)-other-key"
        )
        try kill(host)
        try start(setup)
    }

    /// The host has had a longer lease in its file once, and forgets whatever it has promised: its
    /// agent is killed, and starts with another setup and the file that all have.
    public func forget(_ host: Host, longestLease: Duration) throws(LabError) {
        var configuration = options.configuration
        configuration.lease = longestLease
        var setup = setup(of: host)
        setup.configurationFile = try write(configuration, named: "\(host)-before")
        try kill(host)
        try start(setup)
        try waitForStatus(of: host, "I run with the longer lease") { _ in true }
        try kill(host)
        try Command("rm", "-rf", setup.runDirectory).runSuccessfully()
        try start(host)
    }

    /// What somebody sees who types `vipctl status` on a host: the exit status, and the page.
    public func askForStatus(of host: Host) throws(LabError) -> ToolResult {
        try control(host, "status")
    }
}
