import Glibc
import VIPCore
import VIPSimulation

/// Runs side by side, and their results in the order of the seeds.
struct Fleet {
    let jobs: Int
    var compares = false

    /// Short enough that no job is left waiting for another at the end.
    private static let batch: UInt64 = 32

    func run(seeds: Range<UInt64>, aim: Scenario.Aim? = nil) async -> Campaign {
        let compares = compares
        let batches = stride(from: seeds.lowerBound, to: seeds.upperBound, by: Int(Self.batch)).map
        {
            $0..<min($0 + Self.batch, seeds.upperBound)
        }
        return await withTaskGroup(of: (Int, Campaign).self) { group in
            var results = [Campaign?](repeating: nil, count: batches.count)
            var next = 0
            while next < min(jobs, batches.count) {
                let number = next
                group.addTask { (number, Self.make(batches[number], aim, compares)) }
                next += 1
            }
            while let (number, campaign) = await group.next() {
                results[number] = campaign
                guard next < batches.count else { continue }
                let following = next
                group.addTask { (following, Self.make(batches[following], aim, compares)) }
                next += 1
            }
            var sum = Campaign()
            for case .some(let campaign) in results { sum += campaign }
            return sum
        }
    }

    private static func make(
        _ seeds: Range<UInt64>,
        _ aim: Scenario.Aim?,
        _ compares: Bool
    ) -> Campaign {
        var campaign = Campaign()
        for seed in seeds {
            campaign.add(RunResult(seed: seed, aim: aim, compares: compares))
        }
        return campaign
    }
}

func processors() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
