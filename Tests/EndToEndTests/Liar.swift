import Synchronization
import VIPAgent
import VIPConfiguration
import VIPCore
import VIPLab
import VIPNet
import VIPSimulation

/// A voter that has the cluster's key and goes wrong for a while: a shipped agent whose frames are
/// opened on their way, get one of the simulator's lies, and are sealed anew. The agent's own
/// memory stays what it is, so that it is honest again with its next frame.
final class Liar: Sendable {
    private let lies: Lies
    private let interception: Interception

    /// Honest until it is told to lie.
    init(_ host: Host, in lab: Lab) throws {
        let configuration = lab.options.configuration
        let seal = FrameSeal(
            cluster: stableIdentifier(configuration.clusterName),
            key: try ClusterKeys.load(path: lab.keyFile).signing.octets
        )
        let background = Lie.Background(
            isNode: Host.nodes.contains(host),
            lease: configuration.lease,
            voters: configuration.voters.map { HostID(stableIdentifier($0.name)) }
        )
        let lies = Lies()
        self.lies = lies
        interception = try Interception(in: lab, of: host) { octets in
            // Not a frame of its agent: sent on as it is, for the others to judge.
            guard let frame = try? seal.open(octets.span),
                let told = lies.told(in: frame, from: background)
            else { return octets }
            var sealed: [UInt8] = []
            seal.seal(told, into: &sealed)
            return sealed
        }
    }

    /// From the next frame on in which there is something to lie about, in so many frames.
    func lie(_ lie: Lie, times: Int) {
        lies.state.withLock { $0 = Lies.State(lie: lie, left: times) }
    }

    /// From the next frame on. When it lied last, and how often it has; nil if it never did.
    func beHonest() -> (last: Moment, count: Int)? {
        lies.state.withLock { state in
            state.left = 0
            return state.last.map { ($0, state.count) }
        }
    }

    /// Waits until all lies are told that it was to tell. Whether they are.
    func waitUntilHonest(by deadline: Moment) -> Bool {
        while lies.state.withLock({ $0.left > 0 }) {
            guard Moment.now < deadline else { return false }
            sleep(for: .milliseconds(1))
        }
        return true
    }

    func end() { interception.end() }

    /// What is left to tell.
    private final class Lies: Sendable {
        struct State {
            var lie: Lie
            var left: Int
            var count = 0
            var last: Moment?
        }

        let state = Mutex(State(lie: .deaf, left: 0))

        func told(in frame: Frame, from background: Lie.Background) -> Frame? {
            state.withLock { state in
                guard state.left > 0 else { return nil }
                // Each lie is another one, and a stamp that is to come is half an hour ahead.
                let number = 1_800_000 + frame.sequence
                let told = state.lie.told(in: frame, from: background, number: number)
                guard let told else { return nil }
                state.left -= 1
                state.count += 1
                state.last = .now
                return told
            }
        }
    }
}
