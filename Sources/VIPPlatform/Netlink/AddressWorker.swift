import CNetlink
import Glibc
import Synchronization
import VIPNet

/// Changes addresses, and looks at them, in a thread of its own, in the order asked for: the kernel
/// may take as long as its configuration lock is busy, and a thousand addresses take some ten
/// milliseconds anyhow.
///
///     ask(.add(address), id) … fileDescriptor is readable … completions() -> [(id, how it went)]
///
/// Asking and collecting never wait for the kernel. Every question is answered exactly once, by its
/// own number, and the answers come in the order of the questions.
package final class AddressWorker: Sendable {
    package enum Change: Equatable, Sendable {
        /// Adds the address, or renews its lifetimes; where there is an instant, in nanoseconds of
        /// CLOCK_BOOTTIME, only before it.
        case add(InterfaceAddress, before: Int64?)
        case remove(InterfaceAddress)
        /// Changes nothing: whether the kernel would take the address now, on an interface with
        /// this MTU.
        case tryOut(InterfaceAddress, mtu: UInt32)
        /// Changes nothing: all addresses that the kernel has.
        case look
        /// Changes nothing: all links too.
        case survey
    }

    package struct Completion: Equatable, Sendable {
        package var id: UInt64
        package var change: Change
        /// nil when the kernel has done it, or was not asked.
        package var failure: SystemError?
        /// The instant had passed: the kernel was not asked.
        package var isLate = false
        /// There was nothing to remove, in that shape.
        package var wasAbsent = false
        /// What a look or a survey has found.
        package var found: [InterfaceAddress] = []
        package var links: [Link] = []
    }

    /// Changes that wait, or whose completion waits to be collected.
    package static let mostWaiting = 16_384

    private struct Asked: Sendable {
        var id: UInt64
        var change: Change
    }

    private struct State: Sendable {
        var asked: [Asked] = []
        var completed: [Completion] = []
        var inProgress = 0
        var isStopping = false
    }

    /// The two descriptors of the thread's own: one that it sleeps on, one that it reports with.
    private final class Lane: Sendable {
        let state = Mutex(State())
        let wake: Descriptor
        let report: Descriptor

        init(wake: consuming Descriptor, report: consuming Descriptor) {
            self.wake = wake
            self.report = report
        }
    }

    private let lane: Lane

    /// For the event loop: readable while there are completions.
    package var fileDescriptor: Int32 { lane.report.number }

    /// Starts the thread, in the network namespace of the calling one.
    package init() throws(SystemError) {
        let wake = try SystemCall.check("eventfd", on: "addresses") { vip_eventfd_create(0) }
        let wakeDescriptor = Descriptor(owning: wake)
        let report = try SystemCall.check("eventfd", on: "addresses") { vip_eventfd_create(1) }
        lane = Lane(wake: wakeDescriptor, report: Descriptor(owning: report))
        // Opened here, so that there is no thread without one.
        let start = Start(lane: lane, socket: try RouteSocket())

        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(start)
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                AddressWorker.run(start.lane, start.socket)
                return nil
            },
            argument.toOpaque()
        )
        guard failure == 0 else {
            unsafe argument.release()
            throw SystemError(call: "pthread_create", on: "addresses", errno: failure)
        }
        pthread_detach(thread)
    }

    /// The thread ends after what it is doing; what waits is not done.
    deinit {
        lane.state.withLock { $0.isStopping = true }
        Self.signal(lane.wake.number)
    }

    private final class Start {
        let lane: Lane
        let socket: RouteSocket

        init(lane: Lane, socket: RouteSocket) {
            self.lane = lane
            self.socket = socket
        }
    }

    /// Queues a change. False, and nothing will be done, where too many wait.
    ///
    /// - Parameter id: comes back with the completion.
    @discardableResult
    package func ask(_ change: Change, id: UInt64) -> Bool {
        let accepted = lane.state.withLock { state in
            let waiting = state.asked.count + state.completed.count + state.inProgress
            guard waiting < Self.mostWaiting else { return false }
            state.asked.append(Asked(id: id, change: change))
            return true
        }
        if accepted { Self.signal(lane.wake.number) }
        return accepted
    }

    /// Completions that are collected at once: to take note of each takes some microseconds.
    package static let mostCollected = 256

    /// What has been done since this was last asked, in order; of much, the first part, and the
    /// descriptor stays readable.
    package func completions() -> [Completion] {
        var count: UInt64 = 0
        _ = unsafe read(lane.report.number, &count, 8)
        let (collected, isMore) = lane.state.withLock { state in
            guard state.completed.count > Self.mostCollected else {
                defer { state.completed = [] }
                return (state.completed, false)
            }
            let first = Array(state.completed.prefix(Self.mostCollected))
            state.completed.removeFirst(Self.mostCollected)
            return (first, true)
        }
        if isMore { Self.signal(lane.report.number) }
        return collected
    }

    private static let threadName = "addresses"

    private static func run(_ lane: Lane, _ socket: RouteSocket) {
        vip_block_signals()
        // For whoever looks for the thread that waits for the kernel.
        unsafe vip_name_thread(Self.threadName)
        while true {
            var count: UInt64 = 0
            _ = unsafe read(lane.wake.number, &count, 8)
            let asked: [Asked]? = lane.state.withLock { state in
                if state.isStopping { return nil }
                let asked = state.asked
                state.asked = []
                state.inProgress = asked.count
                return asked
            }
            guard let asked else { return }
            for question in asked {
                let completion = perform(question, socket)
                let isStopping = lane.state.withLock { state in
                    state.completed.append(completion)
                    state.inProgress -= 1
                    return state.isStopping
                }
                signal(lane.report.number)
                if isStopping { return }
            }
        }
    }

    private static func perform(_ question: Asked, _ socket: RouteSocket) -> Completion {
        var completion = Completion(id: question.id, change: question.change)
        do throws(SystemError) {
            switch question.change {
            case .add(let address, let before):
                // The last look at the clock: this process may have been stopped since it decided.
                if let before, ClockReading.bootNow() >= before {
                    completion.isLate = true
                } else {
                    try socket.add(address)
                }
            case .remove(let address): completion.wasAbsent = try !socket.remove(address)
            case .tryOut(let address, let mtu): try socket.tryOut(address, mtu: mtu)
            case .look: completion.found = try socket.addresses()
            case .survey:
                completion.links = try socket.links()
                completion.found = try socket.addresses()
            }
        } catch {
            completion.failure = error
        }
        return completion
    }

    private static func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }
}
