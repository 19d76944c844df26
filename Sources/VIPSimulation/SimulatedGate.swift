import VIPCore
import VIPHost

/// A gate as a kernel has it: the memory that its programs look into. It lasts as long as somebody
/// has it: an interface, a pin, the service manager, a process.
final class SimulatedGate {
    struct Slot {
        let number: UInt32
        let group: GroupID
        /// In nanoseconds of BOOTTIME; the addresses answer before it.
        var deadline: Int64 = 0
    }

    /// Made by an agent of another build: this one can't open it.
    var isForeign = false
    /// In their order.
    private(set) var slots: [Slot] = []

    /// Of several that a group has, any may let its addresses answer.
    func deadline(of group: GroupID) -> Int64 {
        slots.reduce(0) { $1.group == group ? max($0, $1.deadline) : $0 }
    }

    func group(of number: UInt32) -> GroupID? { index(of: number).map { slots[$0].group } }

    func assign(_ number: UInt32, to group: GroupID) {
        let index = slots.firstIndex { $0.number > number } ?? slots.endIndex
        slots.insert(Slot(number: number, group: group), at: index)
    }

    func set(_ number: UInt32, deadline: Int64) {
        guard let index = index(of: number) else { return }
        slots[index].deadline = deadline
    }

    private func index(of number: UInt32) -> Int? { slots.firstIndex { $0.number == number } }
}

/// Where the gate of a host can be, and is. It outlives processes, and no boot.
struct InterfaceHooks {
    /// What the host's kernel can do.
    enum Support: CaseIterable {
        case full
        /// A gate can be made, and attached nowhere.
        case noHooks
        case none
    }

    var support: Support
    /// By interface.
    var attachments: [SimulatedGate?]
    /// By interface: it can't be put there at the moment.
    var refuses: [Bool]
    /// What pins and the service manager have.
    var kept: SimulatedGate?

    init(_ count: Int, _ support: Support) {
        self.support = support
        attachments = Array(repeating: nil, count: count)
        refuses = Array(repeating: false, count: count)
    }
}

/// The thread of one process that waits for the kernel on behalf of the gate.
struct GateWorker {
    enum Order {
        case find, load, sweep
        case keep(SimulatedGate)
    }

    /// What it has been asked for, in this order.
    var orders: [Order] = []
    var busyUntil: TrueTime = 0
    /// What it keeps on the interfaces.
    var keeps: SimulatedGate?
    /// It looks again in a while.
    var isWatching = false
    /// What it has said last.
    var told: [GateAttachment]?
    /// What nobody has read yet.
    var reports: [GateReport] = []
}
