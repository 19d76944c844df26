import CNetlink
import Glibc
import Synchronization
import VIPNet

/// Changes addresses in a thread of its own, in the order in which they were asked for: the kernel
/// may take as long as its configuration lock is busy, and a thousand addresses take some ten
/// milliseconds anyhow.
///
///     ask(.add(addition), id) … fileDescriptor is readable … completions() -> [(id, how it went)]
///
/// Asking and collecting never wait for the kernel, and take the same time for any number of
/// addresses. Every question is answered exactly once, by its own number, and the answers come in
/// the order of the questions.
package final class AddressWorker: Sendable {
    /// How a question went.
    package enum Outcome: Equatable, Sendable {
        case added
        /// The instant had passed before all were added.
        case late
        /// What was not there in that shape, and what was refused, with the first error.
        case removed(absent: [InterfaceAddress], kept: [InterfaceAddress], SystemError?)
        case found(links: [Link], addresses: [InterfaceAddress])
        case tried([SystemError?])
        /// Nothing was found out, or no more was added; about that address, where it is one.
        case failed(SystemError, InterfaceAddress?)
    }

    package struct Completion: Equatable, Sendable {
        package let id: UInt64
        package let request: AddressRequest
        package let outcome: Outcome
    }

    /// Questions that wait, or whose completion waits to be collected.
    package static let mostWaiting = 16_384

    private struct Question: Sendable {
        let id: UInt64
        let request: AddressRequest
    }

    private struct State: Sendable {
        var asked: [Question] = []
        var completed: [Completion] = []
        var inProgress = 0
        var isStopping = false
    }

    /// What the thread and its owner share, and two descriptors: the thread sleeps on one, and
    /// reports with the other. The socket is the thread's alone.
    private final class Lane: @unchecked Sendable {
        let state = Mutex(State())
        let wake: Descriptor
        let report: Descriptor
        let socket: RouteSocket

        init() throws(SystemError) {
            let wake = try SystemCall.check("eventfd", on: "addresses") { vip_eventfd_create(0) }
            self.wake = Descriptor(owning: wake)
            let report = try SystemCall.check("eventfd", on: "addresses") { vip_eventfd_create(1) }
            self.report = Descriptor(owning: report)
            // Opened here, so that there is no thread without one.
            socket = try RouteSocket()
        }
    }

    private let lane: Lane

    /// For the event loop: readable while there are completions.
    package var fileDescriptor: Int32 { lane.report.number }

    /// Starts the thread, in the network namespace of the calling one.
    package init() throws(SystemError) {
        let lane = try Lane()
        self.lane = lane
        try startThread("addresses") { Self.run(lane) }
    }

    /// The thread ends after what it is doing; what waits is not done.
    deinit {
        lane.state.withLock { $0.isStopping = true }
        eventfd_write(lane.wake.number, 1)
    }

    /// Queues a question. False, and nothing will be done, where too many wait.
    ///
    /// - Parameter id: comes back with the completion.
    @discardableResult
    package func ask(_ request: AddressRequest, id: UInt64) -> Bool {
        let accepted = lane.state.withLock { state in
            let waiting = state.asked.count + state.completed.count + state.inProgress
            guard waiting < Self.mostWaiting else { return false }
            state.asked.append(Question(id: id, request: request))
            return true
        }
        if accepted { eventfd_write(lane.wake.number, 1) }
        return accepted
    }

    /// Completions that are collected at once: to take note of each takes some microseconds.
    package static let mostCollected = 64

    /// What has been done since this was last asked, in order; of much, the first part, and the
    /// descriptor stays readable.
    package func completions() -> [Completion] {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(lane.report.number, &count)
        let (collected, isMore) = lane.state.withLock { state in
            let first = Array(state.completed.prefix(Self.mostCollected))
            state.completed.removeFirst(first.count)
            return (first, !state.completed.isEmpty)
        }
        if isMore { eventfd_write(lane.report.number, 1) }
        return collected
    }

    private static let threadName = "addresses"

    private static func run(_ lane: Lane) {
        vip_block_signals()
        // For whoever looks for the thread that waits for the kernel.
        unsafe vip_name_thread(Self.threadName)
        while true {
            var count: eventfd_t = 0
            _ = unsafe eventfd_read(lane.wake.number, &count)
            let asked: [Question]? = lane.state.withLock { state in
                if state.isStopping { return nil }
                let asked = state.asked
                state.asked = []
                state.inProgress = asked.count
                return asked
            }
            guard let asked else { return }
            for question in asked {
                let outcome = perform(question.request, lane.socket)
                let completion = Completion(
                    id: question.id,
                    request: question.request,
                    outcome: outcome
                )
                let isStopping = lane.state.withLock { state in
                    state.completed.append(completion)
                    state.inProgress -= 1
                    return state.isStopping
                }
                eventfd_write(lane.report.number, 1)
                if isStopping { return }
            }
        }
    }

    // MARK: - The kernel

    private static func perform(_ request: AddressRequest, _ socket: RouteSocket) -> Outcome {
        switch request {
        case .add(let addition): return add(addition, socket)
        case .remove(let addresses): return remove(addresses, socket)
        case .tryOut(let trials):
            return .tried(
                trials.map { trial in
                    do throws(SystemError) {
                        try socket.tryOut(trial.address, mtu: trial.mtu)
                        return nil
                    } catch {
                        return error
                    }
                }
            )
        case .look(let wanted):
            return find { () throws(SystemError) in
                ([], try socket.addresses().filter { wanted.sortedIndex(of: $0.address) != nil })
            }
        case .survey(let wanted):
            return find { () throws(SystemError) in
                let links = try socket.links()
                // A host may have tens of thousands of others.
                let addresses = try socket.addresses().filter {
                    $0.isOurs || wanted.sortedIndex(of: $0.address) != nil
                }
                return (links, addresses)
            }
        }
    }

    private static func find(
        _ body: () throws(SystemError) -> ([Link], [InterfaceAddress])
    ) -> Outcome {
        do throws(SystemError) {
            let (links, addresses) = try body()
            return .found(links: links, addresses: addresses)
        } catch {
            return .failed(error, nil)
        }
    }

    private static func add(
        _ addition: AddressRequest.Addition,
        _ socket: RouteSocket
    ) -> Outcome {
        for obstacle in addition.obstacles {
            do throws(SystemError) {
                try socket.remove(obstacle)
            } catch {
                return .failed(error, obstacle)
            }
        }
        for floating in addition.addresses {
            // The last look at the clock: this process may have been stopped since it decided.
            if let before = addition.before, ClockReading.bootNow() >= before { return .late }
            let address = InterfaceAddress(
                floating,
                on: addition.interface,
                lifetime: addition.lifetime
            )
            do throws(SystemError) {
                try socket.add(address)
            } catch {
                return .failed(error, address)
            }
        }
        return .added
    }

    private static func remove(_ addresses: [InterfaceAddress], _ socket: RouteSocket) -> Outcome {
        var (absent, kept): ([InterfaceAddress], [InterfaceAddress]) = ([], [])
        var failure: SystemError?
        for address in addresses {
            do throws(SystemError) {
                if try !socket.remove(address) { absent.append(address) }
            } catch {
                failure = failure ?? error
                kept.append(address)
            }
        }
        return .removed(absent: absent, kept: kept, failure)
    }
}
