import Glibc
import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    @Suite("A witness of two clusters")
    struct SharedWitnessTests {
        @Test(
            "an owner's crash moves its own cluster's address, and leaves the other cluster alone"
        )
        func crashInOne() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            try shared.start()
            let alpha = try UDPProbe(in: shared.alpha)
            defer { alpha.end() }
            let beta = try UDPProbe(in: shared.beta)
            defer { beta.end() }
            #expect(alpha.waitForService(by: .now + .seconds(2)))
            #expect(beta.waitForService(by: .now + .seconds(2)))
            let term = try shared.beta.term(knownTo: .lb1)

            let moment = try shared.alpha.crash(.lb1)
            sleep(for: .seconds(3))
            let moved = alpha.report(since: moment, until: .now)
            let quiet = beta.report(since: moment, until: .now)

            #expect(moved.owners.last == .lb2)
            #expect(moved.answersFromTwoAtOnce.isEmpty)
            #expect(moved.outage <= .milliseconds(1200))
            #expect(quiet.owners == [.lb1])
            #expect(quiet.lost == 0)
            #expect(try shared.beta.term(knownTo: .lb1) == term)

            let inAlpha = try shared.status(of: shared.alpha)
            #expect(inAlpha.cluster == "alpha")
            #expect(inAlpha.role == .witness)
            #expect(inAlpha.group("web")?.owner == "lb2")
            #expect(inAlpha.voter("lb1")?.isReachable == false)
            let inBeta = try shared.status(of: shared.beta)
            #expect(inBeta.cluster == "beta")
            #expect(inBeta.isHealthy)
            #expect(inBeta.group("web")?.owner == "lb1")
            #expect(inBeta.voter("lb1")?.isReachable == true)
        }

        @Test("frames of one cluster that are signed with the other's key are refused")
        func otherKey() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            try shared.start()
            let before = try shared.status(of: shared.alpha).dropped
            try shared.alpha.kill(.lb2)
            var setup = shared.alpha.setup(of: .lb2)
            setup.configurationFile = try shared.writeForged(shared.alpha)
            _ = try shared.alpha.launch(setup)
            sleep(for: .seconds(2))

            let after = try shared.status(of: shared.alpha)
            // One pair of keys in 256 has one fingerprint, and then it is the tag that is wrong.
            let refused = ["unknown_key", "forged"].reduce(0) { sum, reason in
                sum + after.dropped[reason] - before[reason]
            }
            #expect(refused >= 10)
            #expect(after.voter("lb2")?.isReachable == false)
            #expect(after.group("web")?.owner == "lb1")
            let other = try shared.status(of: shared.beta)
            #expect(other.isHealthy)
            #expect(other.dropped["unknown_key"] == 0)
            #expect(other.dropped["forged"] == 0)
        }

        @Test("frames of a cluster that is not served here are counted by that, and change nothing")
        func otherCluster() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            try shared.start()
            try shared.alpha.kill(.lb2)
            var configuration = shared.alpha.options.configuration
            configuration.clusterName = "gamma"
            var setup = shared.alpha.setup(of: .lb2)
            setup.configurationFile = try shared.alpha.write(configuration, named: "gamma")
            _ = try shared.alpha.launch(setup)
            sleep(for: .seconds(2))

            for lab in [shared.alpha, shared.beta] {
                let status = try shared.status(of: lab)
                #expect(status.dropped["other_cluster"] >= 10)
                #expect(status.group("web")?.owner == "lb1")
            }
        }

        @Test("the witness is killed and restarted, and nothing happens in either cluster")
        func killed() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            try shared.start()
            let terms = try [shared.alpha, shared.beta].map { try $0.term(knownTo: .lb1) }
            try #require(shared.witness).killAndWait()
            try shared.startWitness()
            sleep(for: .seconds(2))
            #expect(try [shared.alpha, shared.beta].map { try $0.term(knownTo: .lb1) } == terms)
            for lab in [shared.alpha, shared.beta] {
                #expect(try shared.status(of: lab).isHealthy)
            }
            // It found its pages where it had left them.
            #expect(shared.log.split(separator: "\n").count { $0.contains("new-page") } == 2)
        }

        @Test("the witness has no capabilities, and SIGTERM ends it for all clusters at once")
        func ends() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            try shared.start()
            let witness = try #require(shared.witness)
            #expect(SharedWitness.capabilities(of: witness) == "0000000000000000")
            witness.send(signal: SIGTERM)
            #expect(witness.wait(until: .now + .seconds(2)) == .exited(0))
            let ends = shared.log.split(separator: "\n").filter { $0.contains("stopped") }
            #expect(ends.count { $0.contains("cluster=alpha") } == 1)
            #expect(ends.count { $0.contains("cluster=beta") } == 1)
            for lab in [shared.alpha, shared.beta] {
                try lab.waitForStatus(of: .lb1, "I still own it") { status in
                    status.group("web")?.state == .owner
                }
            }
        }

        @Test(
            "a reload that is asked for at the cluster that goes is answered, and the other stays"
        )
        func dismissed() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            try shared.start()
            let answer = try shared.dismiss(shared.alpha)
            #expect(answer.status == .exited(0), "\(answer.words)")
            #expect(answer.words.contains("cluster alpha: not served any more"))
            try shared.beta.waitForStatus(of: .lb1, "all is well") { $0.isHealthy }
            try shared.alpha.waitForStatus(of: .lb1, "w1 is not heard") { status in
                status.voter("w1")?.isReachable == false
            }
        }

        @Test("a node of one of two clusters does not start, and is told which")
        func node() throws {
            let shared = try SharedWitness()
            defer { shared.close() }
            var setup = shared.setup
            setup.name = "lb1"
            let end = try shared.alpha.launchAndWait(setup)
            #expect(end.status == .exited(78))
            #expect(
                end.log.contains("conf.d/alpha.toml: error: 'lb1' is a node of cluster 'alpha'")
            )
            #expect(end.log.contains("conf.d/beta.toml: error: 'lb1' is a node of cluster 'beta'"))
        }
    }
}
