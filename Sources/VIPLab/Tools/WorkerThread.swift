import Glibc

/// A thread of its own. Network namespaces belong to threads, and a probe with a schedule of
/// milliseconds has no place in a pool.
final class WorkerThread: Sendable {
    private let thread: pthread_t

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    enum Urgency: Sendable {
        case ordinary
        /// SCHED_FIFO where it is allowed, so that a probe measures the cluster and not the load on
        /// the machine. It gives way to the agents: they ask for the same lowest priority.
        case measuring
    }

    init(
        _ urgency: Urgency = .ordinary,
        run: @escaping @Sendable () -> Void
    ) throws(LabError) {
        var thread = pthread_t()
        let body = unsafe Unmanaged.passRetained(Body(run: run))
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        guard failure == 0 else {
            unsafe body.release()
            throw .system("start a thread", errno: failure)
        }
        self.thread = thread

        if urgency == .measuring {
            var parameters = sched_param(sched_priority: 1)
            // Refused without CAP_SYS_NICE: the figures are then noisier, and still right.
            _ = unsafe pthread_setschedparam(thread, SCHED_FIFO, &parameters)
        }
    }

    /// Waits for its end. Once only: a thread that was joined is gone.
    func join() {
        pthread_join(thread, nil)
    }
}
