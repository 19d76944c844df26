import Glibc

/// What an agent may be in the middle of when it dies.
extension Campaign.Scenario {
    /// Heartbeats and renewals, and nothing else.
    public static let quiet = Campaign.Scenario(description: "nothing happens") {
        (_, _) throws(LabError) in
        sleep(for: .milliseconds(150))
    }

    public static let switchover = Campaign.Scenario(description: "switchover") {
        (lab, cast) throws(LabError) in
        try lab.control(cast.owner, "switchover", lab.webGroup)
    }

    public static let death = Campaign.Scenario(description: "the owner's agent is killed") {
        (lab, cast) throws(LabError) in
        let supervisor = try lab.supervisor(of: cast.owner)
        supervisor.restart(false)
        supervisor.kill()
        sleep(for: .milliseconds(300))
    }

    public static let restart = Campaign.Scenario(
        description: "the owner's agent is killed and restarted"
    ) {
        (lab, cast) throws(LabError) in
        try lab.replaceAgent(of: cast.owner, cast)
        sleep(for: .milliseconds(150))
    }

    public static let stop = Campaign.Scenario(description: "SIGTERM to the owner's agent") {
        (lab, cast) throws(LabError) in
        try lab.supervisor(of: cast.owner).process?.send(signal: SIGTERM)
        sleep(for: .milliseconds(200))
    }

    public static let standbyStart = Campaign.Scenario(description: "the standby's agent starts") {
        (lab, cast) throws(LabError) in
        try lab.replaceAgent(of: cast.owner.peer, cast)
        sleep(for: .milliseconds(200))
    }

    public static let witnessStart = Campaign.Scenario(description: "the witness starts") {
        (lab, cast) throws(LabError) in
        try lab.replaceAgent(of: .w1, cast)
        sleep(for: .milliseconds(200))
    }

    public static let hang = Campaign.Scenario(description: "the owner's agent hangs, and wakes up")
    {
        (lab, cast) throws(LabError) in
        let process = try lab.supervisor(of: cast.owner).process
        process?.send(signal: SIGSTOP)
        sleep(for: .milliseconds(250))
        process?.send(signal: SIGCONT)
        sleep(for: .milliseconds(100))
    }

    public static let maintenance = Campaign.Scenario(description: "maintenance, and back") {
        (lab, cast) throws(LabError) in
        try lab.control(cast.owner, "maintenance", "on")
        sleep(for: .milliseconds(150))
        try lab.control(cast.owner, "maintenance", "off")
    }

    public static let isolation = Campaign.Scenario(description: "the owner is isolated") {
        (lab, cast) throws(LabError) in
        try lab.applyFaults { $0.isolate(cast.owner) }
        sleep(for: .milliseconds(300))
        try lab.heal()
        sleep(for: .milliseconds(50))
    }

    public static let cable = Campaign.Scenario(description: "the owner's cable is pulled out") {
        (lab, cast) throws(LabError) in
        try lab.cut(cast.owner)
        sleep(for: .milliseconds(300))
        try lab.plug(cast.owner)
        sleep(for: .milliseconds(100))
    }

    public static let force = Campaign.Scenario(
        description: "takeover by force",
        excuse: .operatorsWord
    ) {
        (lab, cast) throws(LabError) in
        for host in [cast.owner, .w1] {
            let supervisor = try lab.supervisor(of: host)
            supervisor.restart(false)
            supervisor.kill()
        }
        // The standby's own voter has granted the owner's lease, and that has to run out.
        sleep(for: .milliseconds(400))
        try lab.control(cast.owner.peer, "takeover", lab.webGroup, "--force")
        sleep(for: .milliseconds(150))
        for host in [Host.w1, cast.owner] { try lab.supervisor(of: host).restart(true) }
        sleep(for: .milliseconds(150))
    }

    public static let reload = Campaign.Scenario(description: "reload") {
        (lab, cast) throws(LabError) in
        try lab.supervisor(of: cast.owner).process?.send(signal: SIGHUP)
        sleep(for: .milliseconds(150))
    }

    public static let upgrade = Campaign.Scenario(description: "upgrade") {
        (lab, cast) throws(LabError) in
        try lab.supervisor(of: cast.owner).process?.send(signal: SIGUSR2)
        sleep(for: .milliseconds(150))
    }

    public static let standbyUpgrade = Campaign.Scenario(description: "upgrade of the standby") {
        (lab, cast) throws(LabError) in
        try lab.supervisor(of: cast.owner.peer).process?.send(signal: SIGUSR2)
        sleep(for: .milliseconds(150))
    }

    public static let witnessUpgrade = Campaign.Scenario(description: "upgrade of the witness") {
        (lab, _) throws(LabError) in
        try lab.supervisor(of: .w1).process?.send(signal: SIGUSR2)
        sleep(for: .milliseconds(150))
    }

    public static let lostGate = Campaign.Scenario(
        description: "the owner's qdisc is deleted",
        excuse: .gateTakenAway
    ) {
        (lab, cast) throws(LabError) in
        try lab.deleteQdisc(cast.owner)
        sleep(for: .milliseconds(200))
    }

    public static let blockedGate = Campaign.Scenario(
        description: "the owner's gate can't be put back",
        excuse: .gateTakenAway
    ) {
        (lab, cast) throws(LabError) in
        try lab.replaceQdisc(cast.owner)
        sleep(for: .milliseconds(300))
        try lab.trafficControl(cast.owner, "qdisc", "del", "dev", "eth0", "ingress")
        sleep(for: .milliseconds(100))
    }

    public static let all: [Campaign.Scenario] = [
        quiet, switchover, death, restart, stop, standbyStart, witnessStart, hang, maintenance,
        isolation, cable, force, reload, upgrade, standbyUpgrade, witnessUpgrade, lostGate,
        blockedGate,
    ]
}

extension Lab {
    /// The agent is killed, and started again once; what happens at its next death is the run's.
    fileprivate func replaceAgent(of host: Host, _ cast: Campaign.Cast) throws(LabError) {
        let supervisor = try supervisor(of: host)
        let count = supervisor.restarts.count + 1
        supervisor.restart(true)
        supervisor.kill()
        _ = supervisor.waitForRestarts(count, until: .now + .seconds(1))
        supervisor.restart(cast.isRestarted(host))
    }
}
