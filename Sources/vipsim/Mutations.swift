import ArgumentParser
import Glibc
import VIPCore
import VIPSimulation

extension VIPSim {
    func huntMutations() async throws {
        #if VIP_MUTATIONS
            var allCaught = true
            for mutation in Mutation.allCases {
                unsafe activeMutation = mutation
                let caught = await hunt()
                unsafe activeMutation = nil
                let width = 28 - mutation.rawValue.count
                let name = mutation.rawValue + String(repeating: " ", count: max(1, width))
                // A hunt takes a while, and somebody may be watching through a pipe.
                defer { fflush(nil) }
                guard let caught else {
                    print("\(name)NOT CAUGHT in \(Self.mostSeeds) seeds")
                    allCaught = false
                    continue
                }
                // The rule as it is passes what the broken one does not.
                let sound = RunResult(seed: caught.seed).violation == nil
                print(
                    "\(name)seed \(caught.seed): \(caught.checker.rawValue)"
                        + (sound ? "" : ", but so does the unbroken core")
                )
                allCaught = allCaught && sound
            }
            guard allCaught else { throw ExitCode.failure }
        #else
            throw ValidationError(
                "this vipsim cannot break a rule; build it with VIP_MUTATIONS=1, see make mutations"
            )
        #endif
    }

    #if VIP_MUTATIONS
        private static var mostSeeds: UInt64 { 20_000 }

        private func hunt() async -> Violation? {
            let fleet = Fleet(jobs: jobs)
            var first = from
            while first < from + Self.mostSeeds {
                let campaign = await fleet.run(seeds: first..<(first + 256))
                if let violation = campaign.violations.first { return violation }
                first += 256
            }
            return nil
        }
    #endif
}
