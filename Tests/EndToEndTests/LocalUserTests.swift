import Foundation
import Testing
import VIPControl
import VIPLab

extension EndToEnd {
    /// What somebody with rights on a host does to the agent's files, and what the agent takes away
    /// from itself.
    @Suite("Local users")
    struct LocalUserTests {
        @Test("a run directory that is emptied is told of and put back, and a restart goes on")
        func emptied() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)
            let run = lab.setup(of: .lb1).runDirectory
            let begin = Moment.now
            try FileManager.default.removeItem(atPath: run)
            try lab.waitForStatus(of: .lb1, within: .seconds(20), "files were gone") { status in
                let reasons = status.reasons
                return ["page", "lock", "control.sock"].allSatisfy { name in
                    reasons.contains { $0.contains("\(run)/\(name) was gone") }
                }
            }
            for name in ["page", "lock", "control.sock"] {
                #expect(FileManager.default.fileExists(atPath: "\(run)/\(name)"), "\(name)")
            }
            let second = try lab.launchAndWait(lab.setup(of: .lb1))
            #expect(second.status == .exited(75))
            try lab.kill(.lb1)
            try lab.start(.lb1)
            try lab.waitForOwner(.lb1)
            #expect(try lab.term(knownTo: .lb1) == term)
            expectNothing(experiment.outcome(since: begin))
        }

        @Test("a page that is cut to nothing ends nobody, and a restart finds all of it")
        func cut() throws {
            let experiment = try Experiment()
            defer { experiment.close() }
            let lab = experiment.lab
            let term = try lab.term(knownTo: .lb1)
            let page = "\(lab.setup(of: .lb1).runDirectory)/page"
            let seen = try experiment.observe(for: .seconds(2)) { (lab) throws(LabError) in
                let moment = Moment.now
                for _ in 0..<5 {
                    _ = unsafe truncate(page, 0)
                    sleep(for: .milliseconds(300))
                }
                try lab.kill(.lb1)
                try lab.start(.lb1)
                return moment
            }
            expectNothing(seen)
            try lab.waitForOwner(.lb1)
            #expect(try lab.term(knownTo: .lb1) == term)
        }

        @Test("the agent refuses calls to itself that it does not need, once, whatever it becomes")
        func confined() throws {
            let lab = try Lab()
            defer { lab.close() }
            try lab.startPair()
            for host in Host.voters {
                let before = try filters(of: host, in: lab)
                #expect(before >= 1, "\(host)")
                for _ in 0..<2 { try lab.upgradeAndWait(host) }
                #expect(try filters(of: host, in: lab) == before, "\(host)")
            }
            try lab.waitForOwner(.lb1)
            #expect(!lab.log(of: .lb1).contains("confine itself"))
            #expect(try lab.control(.lb1, "switchover", "web").status == .exited(0))
            try lab.waitForOwner(.lb2)
        }

        /// How many filters of system calls a process is under.
        private func filters(of host: VIPLab.Host, in lab: Lab) throws -> Int {
            let path = "/proc/\(try lab.agent(of: host).identifier)/status"
            let status = try String(contentsOfFile: path, encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("Seccomp_filters:") }
            let count = line.flatMap { Int($0.split(separator: "\t").last ?? "") }
            return try #require(count)
        }

        @Test("clean does not touch a file that has a second name in the lock's place")
        func linkedLock() throws {
            let lab = try Lab()
            defer { lab.close() }
            let setup = lab.setup(of: .lb1)
            try FileManager.default.createDirectory(
                atPath: setup.runDirectory,
                withIntermediateDirectories: true
            )
            let other = "\(lab.directory)/other"
            try "precious".write(toFile: other, atomically: true, encoding: .utf8)
            try FileManager.default.linkItem(atPath: other, toPath: "\(setup.runDirectory)/lock")
            let answer = try lab.runCommand("clean", in: setup)
            #expect(answer.status != .exited(0))
            #expect(answer.complaint.contains("2 names"), "\(answer.complaint)")
            #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious")
        }
    }
}
