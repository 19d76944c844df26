import CNetlink
import Glibc
import VIPControl
import VIPPlatform

/// The socket that vipctl talks to: a client sends one line, and gets octets until the end.
///
///     accept … read a line … Request -> reply(…, keepOpen: true) … reply(…, keepOpen: false) …
///     close
///
/// Everything has a bound: clients, the line, what waits to be written, and how long a client may
/// take. Nothing here ever waits for a client.
package final class ControlSocket {
    /// A client for as long as it is connected; a later one in its seat is another.
    package struct ClientID: Equatable, Hashable, Sendable {
        fileprivate var seat: Int
        fileprivate var number: UInt64
    }

    package struct Request: Equatable, Sendable {
        package var client: ClientID
        /// Without its line end.
        package var line: String
        /// Nobody waits for the answer any more.
        package var isAbandoned: Bool
    }

    /// Clients at a time. Who comes when all their seats are taken is told so, and let go: nobody
    /// is left waiting for somebody else to be done.
    package static let mostClients = 16

    /// Octets of a line. Longer ones, and what is not UTF-8, are answered with an error here.
    package static let longestLine = ControlRequest.lengthLimit + 1

    /// Octets that may wait for one client. One that falls behind by more is dropped. As much as
    /// `vipctl` reads: the status of 2,000 groups with names of full length, their 4,096 addresses
    /// and nine voters has 4.5 MB.
    package static let mostPending = 8 << 20

    /// Time for a client to send its line, and to take anything of what waits for it.
    package static let patience: Int64 = 5_000_000_000

    /// Who may ask, besides root and the agent's own user.
    package let group: UInt32?
    package let path: String

    private let loop: EventLoop
    private let tokens: UInt64
    private var listener: Descriptor
    private var name: FileName?
    private var clients: [ControlConnection?]
    private var lastNumber: UInt64 = 0

    /// Connections refused since the start, because their user may not ask.
    package private(set) var refused = 0
    /// Connections turned away since the start, because their seats were taken.
    package private(set) var turnedAway = 0

    /// Connections taken from the queue for each wake-up: whoever connects in a loop must not keep
    /// the thread from its deadlines.
    private static let mostPerWake = 8

    /// Event loop tokens that `init` takes, from its first on.
    package static let tokenCount = UInt64(mostClients + 1)

    /// Listens at the path. A socket that a dead agent left is replaced; one that somebody answers
    /// on is not.
    ///
    /// - Parameters:
    ///   - group: users of this group may ask, where there is one of that name.
    ///   - tokens: the first of `tokenCount` tokens of the loop.
    package convenience init(
        path: String,
        group: String?,
        in loop: EventLoop,
        tokens: UInt64
    ) throws(SystemError) {
        let number = group.map { unsafe vip_group_number($0) } ?? -1
        let group = number < 0 ? nil : UInt32(number)
        let listener = try ControlListener.listen(path: path, group: group)
        try self.init(
            path: path,
            group: group,
            in: loop,
            tokens: tokens,
            inheriting: listener.release()
        )
    }

    /// Takes over a listening socket that this process had before execve: who connected meanwhile
    /// waits in its queue.
    ///
    /// - Parameter group: the number of the group whose users may ask.
    package init(
        path: String,
        group: UInt32?,
        in loop: EventLoop,
        tokens: UInt64,
        inheriting number: Int32
    ) throws(SystemError) {
        self.path = path
        self.loop = loop
        self.tokens = tokens
        self.group = group
        listener = Descriptor(owning: number)
        clients = [ControlConnection?](repeating: nil, count: Self.mostClients)
        name = FileName(of: path)
        try listener.setCloseOnExec(true)
        try loop.add(listener.number, token: tokens)
    }

    deinit {
        for client in clients { if let client { loop.remove(client.descriptor.number) } }
        loop.remove(listener.number)
        if isInPlace { unsafe unlink(path) }
    }

    /// Whether its name is still there, and the same socket's.
    package var isInPlace: Bool { name != nil && FileName(of: path) == name }

    /// Listens at the path again, where the name is gone or another's. Who is connected stays, and
    /// who waits at the socket that has lost its name is let in before that is closed.
    package func putBack(at now: Int64) throws(SystemError) {
        var fresh = try ControlListener.listen(path: path, group: group)
        accept(at: now)
        loop.remove(listener.number)
        swap(&listener, &fresh)
        name = FileName(of: path)
        try loop.add(listener.number, token: tokens)
    }

    /// Leaves whoever connects in the queue, until `admit`.
    package func hold() { loop.remove(listener.number) }

    package func admit() throws(SystemError) {
        loop.remove(listener.number)
        try loop.add(listener.number, token: tokens)
    }

    package func owns(token: UInt64) -> Bool {
        token >= tokens && token - tokens < Self.tokenCount
    }

    /// When `expire` is due, on CLOCK_BOOTTIME; nil while nobody is connected.
    package var deadline: Int64? {
        clients.compactMap { $0?.deadline }.min()
    }

    /// To be called for every token that is ours.
    package func handle(_ ready: EventLoop.Ready, at now: Int64) -> [Request] {
        precondition(owns(token: ready.token), "token \(ready.token) is not the control socket's")
        let seat = Int(ready.token - tokens) - 1
        guard seat >= 0 else {
            accept(at: now)
            return []
        }
        guard let client = clients[seat] else { return [] }
        // Of one that closes right after its line, the line is still read.
        if ready.isHungUp && client.hasAsked {
            drop(seat)
            return []
        }
        if ready.isWritable { flush(seat, at: now) }
        guard ready.isReadable, !client.hasAsked, clients[seat] != nil else { return [] }
        return read(seat, isAbandoned: ready.isHungUp, at: now)
    }

    /// Queues octets for the client, and closes after them unless there is more to come. False when
    /// the client is gone; then nothing that it asked for needs to be continued.
    @discardableResult
    package func reply(
        _ id: ClientID,
        _ octets: [UInt8],
        keepOpen: Bool,
        at now: Int64
    ) -> Bool {
        guard let client = clients[id.seat], client.number == id.number, !client.isClosing else {
            return false
        }
        client.enqueue(octets, until: now + Self.patience)
        client.isClosing = !keepOpen
        guard client.pendingCount <= Self.mostPending else {
            drop(id.seat)
            return false
        }
        flush(id.seat, at: now)
        return clients[id.seat] != nil || !keepOpen
    }

    /// Whether the client is still there, for what is sent again and again.
    package func isConnected(_ id: ClientID) -> Bool { clients[id.seat]?.number == id.number }

    /// Drops clients that take too long.
    package func expire(at now: Int64) {
        for seat in clients.indices {
            if let deadline = clients[seat]?.deadline, deadline <= now { drop(seat) }
        }
    }

    // MARK: - Before and after execve

    package var listenerNumber: Int32 { listener.number }

    /// Whether nobody is in the middle of a line or an answer, which a successor could not go on
    /// with.
    package var isBetweenWords: Bool {
        clients.allSatisfy { $0?.isBetweenWords ?? true }
    }

    /// Clients that have connected and said nothing.
    package var silentClients: [Int32] {
        clients.compactMap { client in
            guard let client, !client.hasAsked else { return nil }
            return client.descriptor.number
        }
    }

    /// Nil when the client is gone.
    package func descriptor(of id: ClientID) -> Int32? {
        guard let client = clients[id.seat], client.number == id.number else { return nil }
        return client.descriptor.number
    }

    /// Takes over a connection that the process had before execve.
    ///
    /// - Parameter hasAsked: whether it waits for an answer, and not we for its line.
    /// - Returns: nil where there is no room, or it is no open descriptor; then it is closed.
    package func adopt(_ number: Int32, hasAsked: Bool, at now: Int64) -> ClientID? {
        guard number > STDERR_FILENO, vip_set_close_on_exec(number, 1) == 0 else { return nil }
        let descriptor = Descriptor(owning: number)
        var peer = vip_peer()
        guard unsafe vip_peer_get(number, &peer) == 0,
            let seat = assignSeat(descriptor, of: peer.uid, at: now)
        else { return nil }
        guard let client = clients[seat] else { return nil }
        if hasAsked {
            client.continueAfterAsking()
            client.deadline = nil
            watch(seat)
        }
        return ClientID(seat: seat, number: client.number)
    }

    // MARK: - Clients

    /// Gives a connection its seat, if there is one.
    private func assignSeat(
        _ descriptor: consuming Descriptor,
        of user: uid_t,
        at now: Int64
    ) -> Int? {
        guard let seat = clients.firstIndex(where: { $0 == nil }) else { return nil }
        do {
            try loop.add(descriptor.number, token: token(of: seat))
        } catch {
            return nil
        }
        lastNumber += 1
        clients[seat] = ControlConnection(
            owning: descriptor,
            number: lastNumber,
            user: user,
            deadline: now + Self.patience
        )
        return seat
    }

    /// Takes what waits; what is left over is reported again.
    private func accept(at now: Int64) {
        for _ in 0..<Self.mostPerWake {
            let number = SystemCall.repeating { vip_accept(listener.number) }
            guard number >= 0 else { return }
            let descriptor = Descriptor(owning: number)
            var peer = vip_peer()
            guard unsafe vip_peer_get(number, &peer) == 0, mayAsk(peer, number) else {
                refused += 1
                continue
            }
            guard ControlSeats.hasRoom(for: peer.uid, among: clients.map { $0?.user }) else {
                turnedAway += 1
                Self.turnAway(number)
                continue
            }
            _ = assignSeat(descriptor, of: peer.uid, at: now)
        }
    }

    private func mayAsk(_ peer: vip_peer, _ descriptor: Int32) -> Bool {
        if peer.uid == 0 || peer.uid == geteuid() { return true }
        guard let group else { return false }
        return peer.gid == group || vip_peer_has_group(descriptor, group) != 0
    }

    /// Says so, without waiting for a question: a new connection has room for the answer. What has
    /// been asked by then is read, for the kernel tells of unread octets instead of the end.
    private static func turnAway(_ number: Int32) {
        let answer = Array(
            ControlReply.refused(
                ControlRefusal(
                    .busy,
                    "too many connections to the agent",
                    help: "one user may hold \(ControlSeats.mostOfOneUser) at a time, and root has "
                        + "\(ControlSeats.forRoot) for itself: end those that are not needed, and try "
                        + "again"
                )
            ).serialized().utf8
        )
        var asked = [UInt8](repeating: 0, count: longestLine)
        _ = unsafe recv(number, &asked, asked.count, Int32(MSG_DONTWAIT))
        _ = unsafe send(
            number,
            answer,
            answer.count,
            Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        )
    }

    private func read(_ seat: Int, isAbandoned: Bool, at now: Int64) -> [Request] {
        guard let client = clients[seat] else { return [] }
        switch client.read(longest: Self.longestLine) {
        case .more:
            return []
        case .gone:
            drop(seat)
            return []
        case .line(let line):
            client.deadline = nil
            watch(seat)
            guard clients[seat] != nil else { return [] }
            let id = ClientID(seat: seat, number: client.number)
            return [Request(client: id, line: line, isAbandoned: isAbandoned)]
        case .invalid(let error):
            let id = ClientID(seat: seat, number: client.number)
            let answer = ControlReply.malformed(error).serialized()
            reply(id, Array(answer.utf8), keepOpen: false, at: now)
            return []
        }
    }

    private func flush(_ seat: Int, at now: Int64) {
        guard let client = clients[seat] else { return }
        switch client.flush() {
        case .failed:
            drop(seat)
        case .done:
            client.deadline = nil
            if client.isClosing { drop(seat) } else { watch(seat) }
        case .progress:
            client.deadline = now + Self.patience
            watch(seat)
        case .stuck:
            watch(seat)
        }
    }

    /// Has the loop watch for what this client is waited for.
    private func watch(_ seat: Int) {
        guard let client = clients[seat] else { return }
        let wanted = ControlConnection.Watched(
            reading: !client.hasAsked,
            writing: client.pendingCount > 0
        )
        guard wanted != client.watched else { return }
        client.watched = wanted
        do {
            try loop.change(
                client.descriptor.number,
                token: token(of: seat),
                readable: wanted.reading,
                writable: wanted.writing
            )
        } catch {
            drop(seat)
        }
    }

    private func drop(_ seat: Int) {
        guard let client = clients[seat] else { return }
        loop.remove(client.descriptor.number)
        clients[seat] = nil
    }

    private func token(of seat: Int) -> UInt64 { tokens + 1 + UInt64(seat) }
}
