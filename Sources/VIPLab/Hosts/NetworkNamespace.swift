import CLab
import Glibc

/// A network namespace that has a name in `/run/netns`, which is what a host of the lab is.
public struct NetworkNamespace: Hashable, Sendable {
    public let name: String

    public var path: String { "/run/netns/\(name)" }

    /// Runs the body on a thread inside the namespace. A socket that is made there stays there, and
    /// so does a process: they can be used from any thread afterwards.
    public func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(LabError) -> Result
    ) throws(LabError) -> Result {
        let outcome = Locked<Swift.Result<Result, LabError>?>(nil)
        let namespace = self
        let thread = try WorkerThread {
            do throws(LabError) {
                try namespace.enter()
                outcome.value = .success(try body())
            } catch {
                outcome.value = .failure(error)
            }
        }
        thread.join()
        guard let result = outcome.value else {
            preconditionFailure("the thread has ended, and it ends with an outcome")
        }
        return try result.get()
    }

    /// Moves the calling thread, for good: for threads that nobody else uses.
    func enter() throws(LabError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open the network namespace \(path)") }
        defer { close(descriptor) }
        guard clab_enter_network_namespace(descriptor) == 0 else {
            throw .system("enter the network namespace \(path)")
        }
    }

    /// Has `ip` do this in the namespace. What it printed.
    @discardableResult
    func ip(_ command: String) throws(LabError) -> String {
        try Command("ip -n \(name) \(command)").runSuccessfully()
    }

    @discardableResult
    func tc(_ command: String) throws(LabError) -> String {
        try Command("tc -n \(name) \(command)").runSuccessfully()
    }

    /// Has `ip -batch` carry out these lines in the namespace.
    func configure(_ lines: [String]) throws(LabError) {
        let input = lines.joined(separator: "\n") + "\n"
        try Command("ip -n \(name) -batch -", input: input).runSuccessfully()
    }
}
