import Foundation
import Glibc
import Synchronization
import Testing
import VIPTestSupport

/// Something that listens on a Unix socket in a folder of its own, for as long as it is referenced.
final class FakeAgent: Sendable {
    enum Behaviour: Sendable {
        /// Reads a line, writes these octets, closes.
        case answers([UInt8])
        /// The same, an octet at a time.
        case dribbles([UInt8])
        /// Accepts and closes without reading.
        case closes
        /// Accepts, reads, and then nothing.
        case hangs
        /// Never accepts.
        case sleeps

        static func answers(_ text: String) -> Behaviour { .answers(Array(text.utf8)) }
    }

    private let scratch = ScratchDirectory()
    let path: String
    /// The lines that have been asked, without line feeds.
    var requests: [String] { lines.withLock { $0 } }

    private let lines = Mutex<[String]>([])
    private let behaviour: Behaviour
    private let listener: Int32
    private let open = Mutex<[Int32]>([])

    init(_ behaviour: Behaviour, backlog: Int32 = 16) throws {
        self.behaviour = behaviour
        path = scratch("control.sock")
        let listener = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        self.listener = listener
        try #require(listener >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let bound = unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, backlog) == 0)
        if case .sleeps = behaviour { return }
        // A descriptor of the thread's own: were it the agent's, the number could by then be that
        // of the next agent's listener, and a client of that would get no answer.
        let waiting = dup(listener)
        try #require(waiting >= 0)
        Thread.detachNewThread { [weak self] in
            defer { close(waiting) }
            while true {
                let client = accept(waiting, nil, nil)
                guard client >= 0 else { return }
                guard let self else {
                    close(client)
                    return
                }
                self.serve(client, behaviour)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for client in open.withLock({ $0 }) { close(client) }
    }

    private func serve(_ client: Int32, _ behaviour: Behaviour) {
        switch behaviour {
        case .answers(let octets):
            readLine(from: client)
            write(octets, to: client)
            close(client)
        case .dribbles(let octets):
            readLine(from: client)
            for octet in octets { write([octet], to: client) }
            close(client)
        case .closes:
            close(client)
        case .hangs:
            readLine(from: client)
            open.withLock { $0.append(client) }
        case .sleeps:
            close(client)
        }
    }

    private func readLine(from client: Int32) {
        var line: [UInt8] = []
        var octet: UInt8 = 0
        while unsafe recv(client, &octet, 1, 0) == 1, octet != 0x0A { line.append(octet) }
        lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    private func write(_ octets: [UInt8], to client: Int32) {
        var sent = 0
        while sent < octets.count {
            let count = unsafe octets.withUnsafeBytes {
                unsafe send(
                    client,
                    $0.baseAddress! + sent,
                    octets.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
