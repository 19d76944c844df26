import Glibc

/// What an agent may be in the middle of when it dies.
extension DeathCampaign.Scenario {
    /// Heartbeats and renewals, and nothing else.
    public static let quiet = DeathCampaign.Scenario(description: "nothing happens") {
        (_, _) throws(LabError) in
        sleep(for: .milliseconds(150))
    }

    public static let switchover = DeathCampaign.Scenario(description: "switchover") {
        (lab, cast) throws(LabError) in
        try lab.switchover(from: cast.owner)
    }

    public static let death = DeathCampaign.Scenario(description: "the owner's agent is killed") {
        (lab, cast) throws(LabError) in
        try lab.killForGood(cast.owner)
        sleep(for: .milliseconds(300))
    }

    public static let restart = DeathCampaign.Scenario(
        description: "the owner's agent is killed and restarted"
    ) {
        (lab, cast) throws(LabError) in
        try lab.replaceAgent(of: cast.owner, cast)
        sleep(for: .milliseconds(150))
    }

    public static let stop = DeathCampaign.Scenario(description: "SIGTERM to the owner's agent") {
        (lab, cast) throws(LabError) in
        try lab.agent(of: cast.owner).send(signal: SIGTERM)
        sleep(for: .milliseconds(200))
    }

    public static let standbyStart = DeathCampaign.Scenario(
        description: "the standby's agent starts"
    ) {
        (lab, cast) throws(LabError) in
        try lab.replaceAgent(of: cast.owner.peer, cast)
        sleep(for: .milliseconds(200))
    }

    public static let witnessStart = DeathCampaign.Scenario(description: "the witness starts") {
        (lab, cast) throws(LabError) in
        try lab.replaceAgent(of: .w1, cast)
        sleep(for: .milliseconds(200))
    }

    public static let hang = DeathCampaign.Scenario(
        description: "the owner's agent hangs, and wakes up"
    ) {
        (lab, cast) throws(LabError) in
        let process = try lab.agent(of: cast.owner)
        process.send(signal: SIGSTOP)
        sleep(for: .milliseconds(250))
        process.send(signal: SIGCONT)
        sleep(for: .milliseconds(100))
    }

    public static let maintenance = DeathCampaign.Scenario(description: "maintenance, and back") {
        (lab, cast) throws(LabError) in
        try lab.order(cast.owner, "maintenance", "on")
        sleep(for: .milliseconds(150))
        try lab.order(cast.owner, "maintenance", "off")
    }

    public static let isolation = DeathCampaign.Scenario(description: "the owner is isolated") {
        (lab, cast) throws(LabError) in
        try lab.applyFaults { $0.isolate(cast.owner) }
        sleep(for: .milliseconds(300))
        try lab.heal()
        sleep(for: .milliseconds(50))
    }

    public static let cable = DeathCampaign.Scenario(description: "the owner's cable is pulled out")
    {
        (lab, cast) throws(LabError) in
        try lab.cut(cast.owner)
        sleep(for: .milliseconds(300))
        try lab.plug(cast.owner)
        sleep(for: .milliseconds(100))
    }

    public static let force = DeathCampaign.Scenario(
        description: "takeover by force",
        excuse: .operatorsWord
    ) {
        (lab, cast) throws(LabError) in
        for host in [cast.owner, .w1] { try lab.killForGood(host) }
        // The standby's own voter has granted the owner's lease, and that has to run out.
        sleep(for: .milliseconds(400))
        try lab.order(cast.owner.peer, "takeover", lab.webGroup, "--force")
        sleep(for: .milliseconds(150))
        for host in [Host.w1, cast.owner] { try lab.supervisor(of: host).restart(true) }
        sleep(for: .milliseconds(150))
    }

    public static let reload = DeathCampaign.Scenario(
        description: "reload",
        successor: .owner
    ) {
        (lab, cast) throws(LabError) in
        try lab.reload(cast.owner)
        sleep(for: .milliseconds(150))
    }

    public static let upgrade = DeathCampaign.Scenario(
        description: "upgrade",
        successor: .owner
    ) {
        (lab, cast) throws(LabError) in
        try lab.upgrade(cast.owner)
        sleep(for: .milliseconds(150))
    }

    public static let standbyUpgrade = DeathCampaign.Scenario(
        description: "upgrade of the standby",
        successor: .standby
    ) {
        (lab, cast) throws(LabError) in
        try lab.upgrade(cast.owner.peer)
        sleep(for: .milliseconds(150))
    }

    public static let witnessUpgrade = DeathCampaign.Scenario(
        description: "upgrade of the witness",
        successor: .witness
    ) {
        (lab, _) throws(LabError) in
        try lab.upgrade(.w1)
        sleep(for: .milliseconds(150))
    }

    public static let lostGate = DeathCampaign.Scenario(
        description: "the owner's qdisc is deleted",
        excuse: .gateTakenAway
    ) {
        (lab, cast) throws(LabError) in
        try lab.deleteQdisc(cast.owner)
        sleep(for: .milliseconds(200))
    }

    public static let blockedGate = DeathCampaign.Scenario(
        description: "the owner's gate can't be put back",
        excuse: .gateTakenAway
    ) {
        (lab, cast) throws(LabError) in
        try lab.replaceQdisc(cast.owner)
        sleep(for: .milliseconds(300))
        try lab.tc(cast.owner, "qdisc del dev eth0 ingress")
        sleep(for: .milliseconds(100))
    }

    public static let all: [DeathCampaign.Scenario] = [
        quiet, switchover, death, restart, stop, standbyStart, witnessStart, hang, maintenance,
        isolation, cable, force, reload, upgrade, standbyUpgrade, witnessUpgrade, lostGate,
        blockedGate,
    ]
}

extension Lab {
    /// The agent is killed, and not started again until somebody says so.
    fileprivate func killForGood(_ host: Host) throws(LabError) {
        let supervisor = try supervisor(of: host)
        supervisor.restart(false)
        guard supervisor.kill() else {
            throw LabError("kill the agent of \(host)", found: "there was none, or it ended before")
        }
    }

    /// The agent is killed, and started again once; what happens at its next death is the run's.
    fileprivate func replaceAgent(of host: Host, _ cast: DeathCampaign.Cast) throws(LabError) {
        let supervisor = try supervisor(of: host)
        let count = supervisor.restarts.count + 1
        supervisor.restart(true)
        supervisor.kill()
        defer { supervisor.restart(cast.isRestarted(host)) }
        guard supervisor.waitForRestarts(count, until: .now + .seconds(1)) else {
            throw LabError("start the agent of \(host) again", found: "it did not run after 1 s")
        }
    }
}
