import VIPAgent
import VIPControl
import VIPCore
import VIPHost
import VIPPlatform

/// What one agent does with the gate, until it is let go of: that is its death.
final class GateAgent {
    private let keeper: HostKeeper
    private var news: [Event] = []
    private var notes: [GateKeeper.Note] = []

    /// One whose core has made its first step.
    init(_ keeper: HostKeeper) {
        self.keeper = keeper
        step(.stepped)
    }

    private static var now: Instant { Instant(nanoseconds: ClockReading.bootNow()) }

    private func step(_ event: HostEvent) {
        keeper.step(event, at: Self.now)
        takeOutput()
    }

    private func takeOutput() {
        for output in keeper.takeOutput() {
            switch output {
            case .tell(let event), .tellNext(let event): news.append(event)
            case .gate(let note): notes.append(GateKeeper.Note(note))
            case .addresses: break
            }
        }
    }

    // MARK: - What the core wants

    func open(_ id: GroupID, until: Instant) { step(.effect(.openGate(id, until: until))) }

    func close(_ id: GroupID) { step(.effect(.closeGate(id))) }

    func takeAway() -> GateRemoval.Outcome {
        step(.effect(.exit))
        return keeper.waitForRemoval()
    }

    // MARK: - What is told

    func takeReports() {
        keeper.takeGateReports(at: Self.now)
        takeOutput()
    }

    func takeNews() -> [Event] {
        defer { news = [] }
        return news
    }

    func takeNotes() -> [GateKeeper.Note] {
        defer { notes = [] }
        return notes
    }

    // MARK: - What it is like

    var fileDescriptor: Int32 { keeper.gate.fileDescriptor }
    var descriptors: [String: Int32] { keeper.gate.descriptors }
    var isFound: Bool { !descriptors.isEmpty }
    var areGatesFound: Bool { keeper.host.gate.areGatesFound }
    var repairs: UInt64 { keeper.host.gate.repairs }
    var unavailability: String? { keeper.host.gate.unavailability }

    func status() -> GateStatus { keeper.gateStatus() }

    func status(of id: GroupID) -> GroupGateStatus? { keeper.gateStatus(of: id) }

    func enforcement(of id: GroupID) -> VIPCore.Enforcement {
        keeper.host.gate.enforcement(of: id)
    }
}
