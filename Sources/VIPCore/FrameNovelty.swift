/// What can be said of a frame that came from where its sender is not, before anything is made of
/// it.
public enum FrameNovelty: Equatable, Sendable {
    /// It repeats our present challenge, and was not read before: its sender lives, and hears us.
    case proven
    /// It is of a session that is over, or it was read before.
    case old
    /// Of a session that has not proven itself: another live host with that name, or a recording.
    case unproven
}

extension Agent {
    /// Changes nothing.
    public func novelty(of frame: Frame) -> FrameNovelty {
        guard frame.receiver == settings.me,
            let peer = peers.first(where: { $0.id == frame.sender }), frame.sender != settings.me
        else { return .old }
        if let current = peer.session, current.number == frame.session {
            let isNew = frame.sequence > current.lastSequence
            return isNew && frame.proof == current.challenge ? .proven : .old
        }
        if frame.proof == peer.nextChallenge { return .proven }
        return peer.retired.contains(frame.session) ? .old : .unproven
    }
}

/// The frames of sessions that have not proven themselves, by sender. A live process numbers what
/// it sends, so what comes twice, or comes late, tells of none.
public struct UnprovenSessions: Sendable {
    private var last: [(sender: HostID, session: UInt64, sequence: UInt64)] = []

    public init() {}

    /// Whether this is at least the second frame of its session, and newer than those before it.
    public mutating func isAlive(_ frame: Frame) -> Bool {
        guard let index = last.firstIndex(where: { $0.sender == frame.sender }) else {
            // One for each voter at most.
            if last.count == Settings.mostVoters { last.removeFirst() }
            last.append((frame.sender, frame.session, frame.sequence))
            return false
        }
        let before = last[index]
        guard before.session != frame.session || frame.sequence > before.sequence else {
            return false
        }
        last[index] = (frame.sender, frame.session, frame.sequence)
        return before.session == frame.session
    }
}
