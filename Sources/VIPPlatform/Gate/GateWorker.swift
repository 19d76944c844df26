import CNetlink
import Glibc
import Synchronization
import VIPNet

/// Does in a thread of its own whatever about the gate has to wait for the kernel: loads it, keeps
/// it where it belongs, and takes it away in the end. See `GateGuard`.
///
///     .find -> .found(gate), or as .load
///     .load -> .loaded(gate) | .unavailable
///     .keep(gate, …) -> .attachments, .repaired, .failed …
///     .takeAway -> .takenAway
///
/// Asking never waits.
package final class GateWorker: Sendable {
    package enum Order: Sendable {
        /// Look for one that sits somewhere, and make one if there is none.
        case find
        /// Make a gate; nothing is attached.
        case load
        /// Keep this gate on every interface from now on, and pinned there if that is a bpffs.
        case keep(Gate, [GateGuard.Assignment], pins: String)
        /// Look at everything now.
        case sweep
        /// Take it off every interface, and do nothing any more.
        case takeAway(GateRemoval)
    }

    /// What it has to tell, in order.
    package enum Report: Sendable {
        /// That of an earlier process, as it was left, by its program on that interface.
        case found(Gate, interface: String)
        /// A new gate, with every slot closed, that sits nowhere yet.
        case loaded(Gate)
        /// There is none to be had here, and why.
        case unavailable(String)
        /// Where the gate sits: once everything has been looked at for the first time, and whenever
        /// it is another picture.
        case attachments([GateGuard.Attachment])
        /// Somebody took it off that interface, and it was put back.
        case repaired(String)
        /// Something that is tried again could not be done.
        case failed(String)
        /// It works, but the next process can't find it by its pins.
        case notPinned(String)
        case takenAway(GateRemoval.Outcome)
    }

    /// What both threads have.
    fileprivate final class Lane: Sendable {
        /// nil: the thread is to end.
        let orders = Mutex<[Order]?>([])
        /// Whether the thread does anything but wait.
        let isBusy = Atomic<Bool>(true)
        let wake: Descriptor
        let reports: ServiceMailbox<Report>

        init() throws(SystemError) {
            let number = try SystemCall.check("eventfd", on: "the gate") { vip_eventfd_create(1) }
            wake = Descriptor(owning: number)
            reports = try ServiceMailbox()
        }
    }

    private let lane: Lane

    /// For the event loop: readable while there are reports.
    package var fileDescriptor: Int32 { lane.reports.fileDescriptor }

    /// Starts the thread, in the network namespace of the calling one.
    package init() throws(SystemError) {
        let lane = try Lane()
        self.lane = lane
        try startThread("the gate") { GateWatch(lane).run() }
    }

    /// The thread ends after what it is doing, and leaves the gate where it is.
    deinit {
        lane.orders.withLock { $0 = nil }
        eventfd_write(lane.wake.number, 1)
    }

    package func ask(_ order: Order) {
        lane.orders.withLock { $0?.append(order) }
        eventfd_write(lane.wake.number, 1)
    }

    /// Whether there is nothing that the kernel has to do for it.
    package var isIdle: Bool {
        !lane.isBusy.load(ordering: .sequentiallyConsistent)
            && lane.orders.withLock { $0?.isEmpty ?? true }
    }

    package func takeReports() -> [Report] { lane.reports.takeAll() }
}

/// The thread's own side.
private final class GateWatch {
    /// How often everything is looked at, in nanoseconds: of tcx programs nobody tells.
    private static let sweepInterval: Int64 = 10_000_000_000
    /// How soon again after the kernel has refused to tell what there is.
    private static let failurePause: Int64 = 1_000_000_000

    private let lane: GateWorker.Lane
    private var sentry: GateGuard?
    private var waiting: GateWorker.Order?
    private var told: [GateGuard.Attachment]?
    /// On CLOCK_BOOTTIME; nil while there is nothing to look at.
    private var sweepAt: Int64?

    init(_ lane: GateWorker.Lane) { self.lane = lane }

    func run() {
        vip_block_signals()
        while let orders = takeOrders() {
            for order in orders {
                guard carryOut(order) else {
                    return lane.isBusy.store(false, ordering: .sequentiallyConsistent)
                }
            }
            keepWatch()
            lane.isBusy.store(false, ordering: .sequentiallyConsistent)
            sleep()
            lane.isBusy.store(true, ordering: .sequentiallyConsistent)
        }
        lane.isBusy.store(false, ordering: .sequentiallyConsistent)
    }

    private func takeOrders() -> [GateWorker.Order]? {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(lane.wake.number, &count)
        return lane.orders.withLock { orders in
            guard orders != nil else { return nil }
            defer { orders = [] }
            return orders
        }
    }

    /// Whether there is anything to do after it.
    private func carryOut(_ order: GateWorker.Order) -> Bool {
        switch order {
        case .find:
            lane.reports.put(find() ?? load())
        case .load:
            lane.reports.put(load())
        case .keep(let gate, let assignments, let pins):
            begin(gate, assignments, pins)
        case .sweep:
            if sentry != nil { sweepAt = 0 }
        case .takeAway(let removal):
            // Nobody is to put back what is taken off now.
            sentry = nil
            lane.reports.put(.takenAway(removal.carryOut()))
            return false
        }
        return true
    }

    /// Interfaces that are asked whose program they have; the gate is on all of them.
    private static let mostAsked = 64

    private func find() -> GateWorker.Report? {
        guard let own = try? Capabilities.current(), own.has(.sysAdmin),
            let links = try? RouteSocket().links().filter({ !$0.isLoopback })
        else { return nil }
        for link in links.prefix(Self.mostAsked) {
            if let gate = Gate.found(on: link.index) {
                return .found(gate, interface: link.name)
            }
        }
        return nil
    }

    private func load() -> GateWorker.Report {
        do throws(SystemError) {
            let own = try Capabilities.current()
            guard own.has(.bpf) || own.has(.sysAdmin) else {
                return .unavailable("it takes \(Capabilities.Capability.bpf)")
            }
            return .loaded(try Gate.load())
        } catch {
            return .unavailable("\(error)")
        }
    }

    private func begin(_ gate: Gate, _ assignments: [GateGuard.Assignment], _ pins: String) {
        do throws(SystemError) {
            if gate.needsPrograms { try gate.reloadPrograms() }
            sentry = try GateGuard(gate, assignments: assignments)
            waiting = nil
            pin(gate, in: pins)
        } catch {
            lane.reports.put(.failed("\(error)"))
            waiting = .keep(gate, assignments, pins: pins)
        }
        sweepAt = waiting == nil ? 0 : ClockReading.bootNow() + Self.failurePause
    }

    private func pin(_ gate: Gate, in pins: String) {
        guard Gate.canPin(in: pins) else { return }
        do throws(SystemError) {
            try gate.pin(in: pins)
        } catch {
            lane.reports.put(.notPinned("\(error)"))
        }
    }

    /// Whatever the kernel has told, and whatever is due.
    private func keepWatch() {
        let now = ClockReading.bootNow()
        if let order = waiting, let sweepAt, sweepAt <= now { _ = carryOut(order) }
        guard let sentry else { return }
        do throws(SystemError) {
            try sentry.takeNotifications()
            sentry.retry(at: now)
            if let due = sweepAt, due <= now {
                try sentry.sweep()
                sweepAt = now + Self.sweepInterval
            }
            for name in sentry.takeRepaired() { lane.reports.put(.repaired(name)) }
            if told != sentry.attachments {
                told = sentry.attachments
                lane.reports.put(.attachments(sentry.attachments))
            }
        } catch {
            lane.reports.put(.failed("\(error)"))
            sweepAt = now + Self.failurePause
        }
    }

    /// Until there is an order, something to hear, or something due.
    private func sleep() {
        var sources = [pollfd(fd: lane.wake.number, events: Int16(POLLIN), revents: 0)]
        if let sentry {
            sources.append(pollfd(fd: sentry.fileDescriptor, events: Int16(POLLIN), revents: 0))
        }
        var timeout: Int64 = -1
        if let due = earliest(sweepAt, sentry?.retryAt) {
            timeout = max(0, (due - ClockReading.bootNow() + 999_999) / 1_000_000)
        }
        _ = unsafe poll(&sources, nfds_t(sources.count), Int32(clamping: timeout))
    }
}
