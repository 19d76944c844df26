import Glibc

/// Processes that do nothing but use the processor, at the ordinary priority.
public final class ProcessorLoad: Sendable {
    private let processes: [ChildProcess]

    /// As many as the machine has processors, unless told otherwise. They end with the lab.
    public init(in lab: Lab, processes count: Int? = nil) throws(LabError) {
        let null = try Cleaner.openNull()
        let number = count ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var started: [ChildProcess] = []
        for _ in 0..<number {
            // In a host, so that the lab's cleaner ends it if the lab cannot.
            started.append(
                try ChildProcess.start(
                    ["/bin/sh", "-c", "while :; do :; done"],
                    in: lab.namespace(of: .client),
                    streams: .init(input: null.number, output: null.number, error: null.number)
                )
            )
        }
        processes = started
    }

    public func end() {
        for process in processes { process.killAndWait() }
    }

    deinit {
        end()
    }
}
