extension Agent {
    public func isAtRest(at now: Reading) -> Bool {
        guard stoppingUntil == nil else { return false }
        return groups.allSatisfy { group in
            guard group.pendingReleases.isEmpty else { return false }
            switch group.role {
            case .candidate, .lettingGo: return false
            case .standby: return true
            case .owner(let tenure):
                return tenure.isServing && tenure.forced == nil && tenure.handover == nil
                    && tenure.deadline.remaining(at: now) > settings.timing.lease * 4 / 5
            }
        }
    }

    public var isForced: Bool {
        groups.contains { group in
            if case .owner(let tenure) = group.role { return tenure.forced != nil }
            return false
        }
    }
}
