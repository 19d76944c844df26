import Glibc
import VIPNet

/// Keeps one gate on every interface but loopback, and its addresses in line with the
/// configuration. Every call waits for the kernel: `GateWorker` makes them in its thread.
///
/// Whatever is missing is put back as soon as it is noticed; what can't be put back is tried again
/// after a pause. What sits before the gate is only looked at.
package final class GateGuard {
    /// The addresses of one group, and the slot that they share.
    package struct Assignment: Equatable, Sendable {
        package var group: UInt64
        package var slot: UInt32
        package var addresses: [IPAddress]

        package init(group: UInt64, slot: UInt32, addresses: [IPAddress]) {
            self.group = group
            self.slot = slot
            self.addresses = addresses
        }
    }

    /// The gate on one interface, as the kernel had it when it was last looked at.
    package struct Attachment: Equatable, Sendable {
        package var interface: Int32
        package var name: String
        /// Frames begin with the IP header there.
        package var isBare: Bool
        package var leaves = false
        package var arrives = false
        /// What may let frames by, in words.
        package var risks: [String] = []
        /// Why the gate is not there; nil if it is.
        package var failure: String?
        /// The kernel knows no clsact qdisc, or no filters of eBPF.
        package var isUnsupported = false
        /// When to try again, on CLOCK_BOOTTIME, and how long after that.
        fileprivate var retryAt: Int64 = 0
        fileprivate var pause = GateGuard.firstPause
        /// It was whole once, so that somebody must have taken it off.
        fileprivate var wasWhole = false
        fileprivate var permanentRisks: [String] = []

        package var isWhole: Bool { leaves && arrives }
    }

    /// How long to wait before what the kernel refused is tried again, in nanoseconds; doubled each
    /// time, to a second at most.
    private static let firstPause: Int64 = 10_000_000
    private static let longestPause: Int64 = 1_000_000_000

    private let gate: Gate
    private let socket: RouteSocket
    private let monitor: TrafficControlMonitor
    private let assignments: [Assignment]
    /// In the order of the interfaces' numbers.
    package private(set) var attachments: [Attachment] = []
    /// Addresses that no group has any more are still on an interface.
    private var owesAddresses = true
    /// Interfaces on which the gate was put back, since this was last taken.
    private var repaired: [String] = []

    /// Readable when something has changed.
    package var fileDescriptor: Int32 { monitor.fileDescriptor }

    /// Brings the addresses in line; nothing is attached yet.
    package init(_ gate: Gate, assignments: [Assignment]) throws(SystemError) {
        self.gate = gate
        self.assignments = assignments
        // First: what changes while the links are listed is then heard of.
        monitor = try TrafficControlMonitor()
        socket = try RouteSocket()
        for assignment in assignments {
            for address in assignment.addresses {
                try gate.put(address, in: assignment.slot)
            }
        }
    }

    /// When something that was refused has to be tried again, on CLOCK_BOOTTIME.
    package var retryAt: Int64? {
        attachments.lazy.filter { !$0.isWhole }.map(\.retryAt).min()
    }

    package func takeRepaired() -> [String] {
        defer { repaired.removeAll() }
        return repaired
    }

    // MARK: - What the worker calls

    /// Looks at everything, and puts right what is not.
    package func sweep() throws(SystemError) {
        if owesAddresses { try forgetAddresses() }
        let links = try socket.links()
        attachments.removeAll { attachment in !links.contains { $0.index == attachment.interface } }
        for link in links { note(link) }
        for index in attachments.indices.reversed() { look(at: index) }
    }

    /// Takes what the kernel has to tell, and puts right what it is about.
    package func takeNotifications() throws(SystemError) {
        var touched: [Int32] = []
        for event in try monitor.events() {
            switch event {
            case .link(let link):
                if note(link) { touched.append(link.index) }
            case .linkGone(let interface):
                attachments.removeAll { $0.interface == interface }
            case .hooks(let interface):
                if touched.last != interface { touched.append(interface) }
            case .overrun:
                try sweep()
                touched.removeAll()
            }
        }
        for interface in Set(touched) {
            if let index = index(of: interface) { look(at: index) }
        }
    }

    /// Tries again what is due.
    package func retry(at now: Int64) {
        for index in attachments.indices.reversed()
        where !attachments[index].isWhole && attachments[index].retryAt <= now {
            look(at: index)
        }
    }

    // MARK: - Interfaces

    /// Whether there is anything new in it.
    @discardableResult
    private func note(_ link: Link) -> Bool {
        // What passes an ifb was redirected there behind the gate of another interface, and what
        // arrives leaves it: an owner's answers would be dropped on their way to a client here.
        guard !link.isLoopback, link.kind != "ifb" else { return false }
        let isBare = !Self.ethernet.contains(link.hardwareType)
        if let index = index(of: link.index) {
            attachments[index].name = link.name
            guard attachments[index].isBare != isBare else { return false }
            // As a bond does when its first port comes.
            attachments[index].isBare = isBare
            return true
        }
        let index = attachments.firstIndex { $0.interface > link.index } ?? attachments.endIndex
        var attachment = Attachment(interface: link.index, name: link.name, isBare: isBare)
        if Self.unread.contains(link.hardwareType) {
            attachment.permanentRisks = ["the gate can't read the frames of this kind of link"]
        }
        attachments.insert(attachment, at: index)
        return true
    }

    /// ARPHRD_ETHER and ARPHRD_IEEE802. Frames of all other types that carry IP at all begin with
    /// it where the gate sits: tunnels, point-to-point links, WireGuard.
    private static let ethernet: [UInt16] = [1, 6]
    /// ARPHRD_INFINIBAND, ARPHRD_IEEE802154: a header that the gate's programs do not read.
    private static let unread: [UInt16] = [32, 804]

    /// Looks at both hooks, and attaches where the gate is not.
    private func look(at index: Int) {
        let (interface, isBare) = (attachments[index].interface, attachments[index].isBare)
        var wasMissing = false
        do throws(SystemError) {
            for hook in Gate.Hook.allCases
            where try !gate.state(on: interface, isBare: isBare, hook).isOurs {
                wasMissing = true
                try gate.attach(to: interface, isBare: isBare, hook)
            }
            let leaving = try gate.state(on: interface, isBare: isBare, .leaving)
            let arriving = try gate.state(on: interface, isBare: isBare, .arriving)
            let now = ClockReading.bootNow()
            if attachments[index].see(leaving, arriving, wasMissing: wasMissing, at: now) {
                repaired.append(attachments[index].name)
            }
        } catch {
            // It has gone meanwhile; should it not have, the next sweep finds it.
            if error.errno == ENODEV {
                attachments.remove(at: index)
            } else {
                attachments[index].fail(error, at: ClockReading.bootNow())
            }
        }
    }

    private func index(of interface: Int32) -> Int? {
        attachments.firstIndex { $0.interface == interface }
    }

    // MARK: - Addresses

    /// Takes out of the gate what no group has any more, once it is off the interfaces too: until
    /// then its slot is what keeps it silent. Then frees slots that nothing is in.
    private func forgetAddresses() throws(SystemError) {
        let present = try socket.addresses().filter(\.isOurs).map(\.address)
        let wanted = Set(assignments.flatMap(\.addresses))
        var used = Set(assignments.map(\.slot))
        owesAddresses = false
        for (address, slot) in try gate.addresses() where !wanted.contains(address) {
            if present.contains(address) {
                owesAddresses = true
                used.insert(slot)
            } else {
                try gate.remove(address)
            }
        }
        for slot in 1...UInt32(Gate.mostGroups)
        where gate.group(of: slot) != 0 && !used.contains(slot) {
            gate.assign(slot, to: 0)
        }
    }
}

extension GateGuard.Attachment {
    /// Takes over what is there. Whether somebody had taken it off, and it is back.
    fileprivate mutating func see(
        _ leaving: Gate.HookState,
        _ arriving: Gate.HookState,
        wasMissing: Bool,
        at now: Int64
    ) -> Bool {
        (leaves, arrives) = (leaving.isOurs, arriving.isOurs)
        risks = permanentRisks + risks(leaving, .leaving) + risks(arriving, .arriving)
        guard isWhole else {
            wait("somebody takes it off again at once", at: now)
            return false
        }
        failure = nil
        pause = GateGuard.firstPause
        defer { wasWhole = true }
        return wasMissing && wasWhole
    }

    fileprivate mutating func fail(_ error: SystemError, at now: Int64) {
        (leaves, arrives) = (false, false)
        isUnsupported = error.errno == ENOENT || error.errno == EOPNOTSUPP
        wait("\(error)", at: now)
    }

    private mutating func wait(_ reason: String, at now: Int64) {
        failure = reason
        retryAt = now + pause
        pause = min(pause * 2, GateGuard.longestPause)
    }

    private func risks(_ state: Gate.HookState, _ hook: Gate.Hook) -> [String] {
        var risks: [String] = []
        if state.tcxPrograms > 0 {
            risks.append(
                "\(state.tcxPrograms) tcx program\(state.tcxPrograms == 1 ? "" : "s") before the gate, "
                    + "\(hook)"
            )
        }
        if state.filtersBefore > 0 {
            risks.append(
                "\(state.filtersBefore) filter\(state.filtersBefore == 1 ? "" : "s") before the gate, "
                    + "\(hook)"
            )
        }
        return risks
    }
}
