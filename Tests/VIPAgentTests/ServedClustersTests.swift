import Testing
import VIPAgent
import VIPConfiguration
import VIPTestSupport

/// What is read from a file, and what from a directory of files.
@Suite("Which clusters a host serves")
struct SitesTests {
    let scratch = ScratchDirectory()

    init() {
        #expect(run("mkdir", scratch("conf.d")) == 0)
    }

    @Test("a file is one cluster, and keeps its things in the run directory itself")
    func file() throws {
        write("vip-agent.toml", cluster: "alpha")
        let clusters = try ServedClusters(at: scratch("vip-agent.toml"), host: "lb1")
        #expect(clusters.isDirectory == false)
        #expect(clusters.entries.map(\.path) == [scratch("vip-agent.toml")])
        #expect(clusters.entries[0].cluster.role == .node)
        #expect(clusters.entries[0].cluster.host == "lb1")
    }

    @Test("a witness serves every *.toml of a directory, in the order of their names")
    func directory() throws {
        write("conf.d/b.toml", cluster: "alpha")
        write("conf.d/a.toml", cluster: "beta")
        write("conf.d/c.toml.bak", cluster: "beta")
        write("conf.d/.d.toml", cluster: "beta")
        for path in [scratch("conf.d"), scratch("conf.d/")] {
            let clusters = try ServedClusters(at: path, host: "w1.example.net")
            #expect(clusters.isDirectory)
            #expect(
                clusters.entries.map(\.path) == [
                    scratch("conf.d/a.toml"), scratch("conf.d/b.toml"),
                ]
            )
            #expect(
                clusters.entries.map(\.cluster.configuration.cluster.name) == ["beta", "alpha"]
            )
            #expect(clusters.entries.map(\.cluster.host) == ["w1", "w1"])
            #expect(clusters.entries.allSatisfy { $0.cluster.role == .witness })
        }
    }

    @Test("a node may be read from a directory that has no other cluster")
    func nodeAlone() throws {
        write("conf.d/a.toml", cluster: "alpha")
        let clusters = try ServedClusters(at: scratch("conf.d"), host: "lb2")
        #expect(clusters.entries.map(\.cluster.role) == [.node])
        #expect(clusters.isDirectory)
    }

    @Test("vip-agent.toml comes first, then conf.d, and where there is neither, the file is missed")
    func defaultPath() {
        #expect(ServedClusters.defaultPath(in: scratch.path) == scratch("conf.d"))
        #expect(run("rmdir", scratch("conf.d")) == 0)
        #expect(ServedClusters.defaultPath(in: scratch.path) == scratch("vip-agent.toml"))
        #expect(run("mkdir", scratch("conf.d")) == 0)
        write("vip-agent.toml", cluster: "alpha")
        #expect(ServedClusters.defaultPath(in: scratch.path) == scratch("vip-agent.toml"))
        // A link that leads nowhere was meant to be used.
        #expect(run("rm", scratch("vip-agent.toml")) == 0)
        #expect(run("ln", "-s", "nowhere", scratch("vip-agent.toml")) == 0)
        #expect(ServedClusters.defaultPath(in: scratch.path) == scratch("vip-agent.toml"))
    }

    @Test("what is wrong with any of the files is said in one go")
    func allFaults() {
        write("conf.d/a.toml", cluster: "alpha", lease: "1ms")
        write("conf.d/b.toml", cluster: "beta")
        write("conf.d/c.toml", cluster: "gamma", witness: "w7")
        #expect(run("mkdir", scratch("conf.d/d.toml")) == 0)
        let failure = failure(host: "w1")
        #expect(failure?.faults.count == 3)
        #expect(failure?.faults[0].hasPrefix("\(scratch("conf.d/a.toml")):5:9: error: ") == true)
        #expect(
            failure?.faults[1] == """
                \(scratch("conf.d/c.toml")): error: this host, 'w1', is not in cluster 'gamma' \
                (nodes: lb1, lb2; witnesses: w7)
                  = help: add it to the file, or say which of them it is, such as --host w7
                """
        )
        #expect(failure?.faults[2].hasPrefix("\(scratch("conf.d/d.toml")): error: ") == true)
        #expect(failure?.description.hasPrefix("the configuration can't be used\n") == true)
    }

    @Test("an empty directory is an error")
    func empty() {
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d")): error: there is no *.toml in it
                  = help: put the file of each cluster there, or name a file
                """
            ]
        )
    }

    @Test("a node serves one cluster")
    func node() {
        write("conf.d/a.toml", cluster: "alpha")
        write("conf.d/b.toml", cluster: "beta", nodes: ["w1", "lb3"], witness: "w2")
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d/b.toml")): error: 'w1' is a node of cluster 'beta', and a host \
                that serves 2 clusters has to be a witness in all of them
                  = help: a node serves one cluster; leave only its file there, or name that with \
                --config
                """
            ]
        )
    }

    @Test("two files cannot have one cluster")
    func oneNameTwice() {
        write("conf.d/a.toml", cluster: "alpha")
        write("conf.d/b.toml", cluster: "alpha", nodes: ["lb3", "lb4"])
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d/b.toml")): error: the cluster 'alpha' is in \
                \(scratch("conf.d/a.toml")) already
                  = help: remove one of the two, or give one of the clusters another name, on all \
                of its hosts
                """
            ]
        )
    }

    /// The two names are a known collision of FNV-1a.
    @Test("two clusters that frames cannot tell apart are refused")
    func collision() {
        write("conf.d/a.toml", cluster: "8yn0iYCKYHlIj4-BwPqk")
        write("conf.d/b.toml", cluster: "GReLUrM4wMqfg9yzV3KQ")
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d/b.toml")): error: the clusters 'GReLUrM4wMqfg9yzV3KQ' and \
                '8yn0iYCKYHlIj4-BwPqk' (\(scratch("conf.d/a.toml"))) cannot be told apart in frames
                  = help: give one of them another name, on all of its hosts
                """
            ]
        )
    }

    @Test("one file by two names is refused as that", arguments: [true, false])
    func sameFile(isSymbolic: Bool) {
        write("conf.d/a.toml", cluster: "alpha")
        let (old, new) = (scratch("conf.d/a.toml"), scratch("conf.d/b.toml"))
        #expect(run(isSymbolic ? ["ln", "-s", old, new] : ["ln", old, new]) == 0)
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d/b.toml")): error: it is the same file as \
                \(scratch("conf.d/a.toml"))
                  = help: remove one of the two links
                """
            ]
        )
    }

    @Test(
        "a cluster of a directory cannot have the name of one of the agent's own files",
        arguments: ["lock", "page", "control.sock", "terms", "..", "."]
    )
    func reserved(name: String) throws {
        write("conf.d/a.toml", cluster: name)
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d/a.toml")): error: a cluster that is read from a directory cannot \
                be named '\(name)', as a file of the agent is
                  = help: give it another name
                """
            ]
        )
        _ = try ServedClusters(at: scratch("conf.d/a.toml"), host: "w1")
    }

    @Test("there is a bound to the clusters of one process")
    func bound() throws {
        for number in 100..<164 { write("conf.d/\(number).toml", cluster: "c\(number)") }
        #expect(try ServedClusters(at: scratch("conf.d"), host: "w1").entries.count == 64)
        write("conf.d/164.toml", cluster: "c164")
        #expect(
            failure(host: "w1")?.faults == [
                """
                \(scratch("conf.d")): error: there are 65 *.toml in it, and an agent serves at \
                most 64 clusters
                  = help: give some of them another witness
                """
            ]
        )
    }

    @Test("each cluster has its own key, and all that is wrong with keys is said in one go")
    func keys() throws {
        for cluster in ["alpha", "beta"] { write("conf.d/\(cluster).toml", cluster: cluster) }
        let clusters = try ServedClusters(at: scratch("conf.d"), host: "w1")
        do throws(ConfigurationFailure) {
            _ = try clusters.loadKeys()
            Issue.record("there are no keys")
        } catch {
            #expect(error.faults.count == 2)
            #expect(error.faults[0].hasPrefix("\(scratch("alpha.key")): error: ") == true)
            #expect(error.faults[1].hasPrefix("\(scratch("beta.key")): error: ") == true)
        }
        let made = try ["alpha", "beta"].map { cluster in
            let key = try ClusterKey.generate()
            try key.write(to: scratch("\(cluster).key"))
            return key
        }
        #expect(try clusters.loadKeys().map(\.signing) == made)
    }

    // MARK: - Files

    private func failure(host: String) -> ConfigurationFailure? {
        do throws(ConfigurationFailure) {
            _ = try ServedClusters(at: scratch("conf.d"), host: host)
            return nil
        } catch {
            return error
        }
    }

    private func write(
        _ name: String,
        cluster: String,
        lease: String = "500ms",
        nodes: [String] = ["lb1", "lb2"],
        witness: String = "w1"
    ) {
        let text = PairText(
            cluster: cluster,
            keyFile: scratch("\(cluster).key"),
            timing: ["lease = \"\(lease)\""],
            voters: nodes + [witness]
        ).text
        do throws(StartupFailure) {
            try NewFile.write(text, to: scratch(name))
        } catch {
            Issue.record("\(error)")
        }
    }
}
