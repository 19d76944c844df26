import CNetlink

/// What this process gives up for good, so that somebody who has taken it over can do less with it.
package enum Confinement {
    /// Its memory, which has the cluster's key, is not written anywhere should it crash, and other
    /// processes of its user can't look into it. Each program has to do so for itself: execve
    /// undoes it.
    package static func becomeUndumpable() { _ = vip_become_undumpable() }

    /// System calls that nothing here needs, and that lead to all of the host's traffic: netlink
    /// but for routes, programs attached anywhere but by rtnetlink, io_uring, calls of another
    /// architecture. They are refused to all threads, and to all that this process becomes or
    /// starts; where they are refused already, nothing is done.
    package static func refuseCalls() -> Capabilities.Outcome {
        if vip_is_confined() == 1 { return .done }
        let result = vip_confine()
        return result == 0
            ? .done
            : .notDone(
                reason: "system calls that it does not need stay open to it: seccomp: "
                    + "\(SystemError.name(of: -result))"
            )
    }

    /// A program that is asked whether it could take over is no more important than others.
    package static func becomeOrdinary() { vip_become_ordinary() }
}
