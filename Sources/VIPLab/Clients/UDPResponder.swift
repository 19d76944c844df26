import CLab
import Glibc

/// Answers every datagram in a host with the datagram and the host's name, from the address that
/// was asked: a service that is always there, so that only the address decides who answers.
final class UDPResponder: Sendable {
    private let stop = StopFlag()
    private let thread: WorkerThread

    /// - Parameter suffix: What follows the question instead of the host's name.
    init(
        in lab: Lab,
        host: Host,
        port: UInt16,
        suffix: (@Sendable () -> [UInt8])? = nil
    ) throws(LabError) {
        let namespace = lab.namespace(of: host)
        let sockets = [
            try Socket.datagrams(of: namespace, ipv6: false, port: port),
            try Socket.datagrams(of: namespace, ipv6: true, port: port),
        ]
        let name = Array(host.rawValue.utf8)
        thread = try WorkerThread(.measuring) { [stop] in
            while !stop.isRaised {
                let ready = Socket.wait(for: sockets, atMost: 50)
                for (socket, isReady) in zip(sockets, ready) where isReady {
                    let suffix = suffix?() ?? name
                    // An answer that cannot be sent is a lost one, and the client will say so.
                    _ = unsafe clab_echo(socket.number, suffix, UInt(suffix.count))
                }
            }
        }
    }

    func end() {
        stop.raise()
        thread.join()
    }
}
