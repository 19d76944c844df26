import VIPLab

/// What a person can do in a lab that is up.
struct Playground {
    let lab: Lab

    var instructions: String {
        let owner = lab.setup(of: .lb1)
        let binaries = (try? Binaries.find()).map(\.control) ?? "vipctl"
        let addresses = lab.options.floatingAddresses.joined(separator: ", ")
        return """
            The lab \(lab.name) is up: lb1, lb2, the witness w1, and a client.
            Floating: \(addresses). Files, logs, sockets: \(lab.directory)

              enter a host    nsenter --net=\(lab.namespace(of: .client).path)
              ask an agent    \(binaries) status --socket \(owner.runDirectory)/control.sock
              follow its log  tail -f \(owner.logFile)
              pull a cable    ip -n \(lab.name)-sw link set lb1-0 down    (and up)
              ask clients     nsenter --net=\(lab.namespace(of: .client).path) ping 10.77.0.100

            Ctrl-C ends it and removes everything.
            """
    }
}
