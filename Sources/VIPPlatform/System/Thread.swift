import Glibc

/// Starts a thread that nobody waits for, in the network namespace and with the capabilities of the
/// calling one.
///
/// - Parameter purpose: what it is for, should the kernel refuse.
package func startThread(
    _ purpose: String,
    _ body: @escaping @Sendable () -> Void
) throws(SystemError) {
    final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let start = unsafe Unmanaged.passRetained(Start(body))
    let failure = unsafe pthread_create(
        &thread,
        nil,
        { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        },
        start.toOpaque()
    )
    guard failure == 0 else {
        unsafe start.release()
        throw SystemError(call: "pthread_create", on: purpose, errno: failure)
    }
    pthread_detach(thread)
}
