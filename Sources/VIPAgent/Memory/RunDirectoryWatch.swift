import Logging
import VIPPlatform

/// Whether page, lock and control socket are still where others look for them. Whoever deletes the
/// run directory, a tidying script for instance, takes nothing from the agent itself; but a restart
/// would find no page and be a new incarnation, and `vipctl` would find no agent.
struct RunDirectoryWatch {
    /// On CLOCK_BOOTTIME, when there is the next look.
    var lookAt = ClockReading.bootNow() + pause
    /// What the last look has found wrong of the lock; of page and socket each cluster knows.
    var reasons: [String] = []

    static let pause: Int64 = 10_000_000_000
}

extension Daemon {
    func watchRunDirectory() {
        guard runDirectoryWatch.lookAt <= ClockReading.bootNow() else { return }
        lookAtRunDirectory()
    }

    /// A few calls that wait for nothing: the run directory is on tmpfs. The lock comes first, for
    /// who holds another one at its place may have files of its own there. No second agent can have
    /// started meanwhile in this network namespace: its name (`NamespaceLock`) and the voters'
    /// ports are held by this process.
    func lookAtRunDirectory() {
        runDirectoryWatch.lookAt = ClockReading.bootNow() + RunDirectoryWatch.pause
        runDirectoryWatch.reasons = []
        if !run.isInPlace {
            let fact = "\(run.path)/lock was gone, or another file"
            do throws(RunDirectoryError) {
                try run.putBack()
                tellOfRunDirectory("\(fact), and was put back")
                runDirectoryWatch.reasons = ["\(fact), and was put back just now"]
            } catch {
                let reason = "\(fact), and can't be put back: \(error)"
                tellOfRunDirectory(reason)
                runDirectoryWatch.reasons = [reason]
                return
            }
        }
        for (index, membership) in memberships.enumerated() {
            do throws(SystemError) {
                _ = try options.clusters.makeDirectory(of: index, in: options.runDirectory)
            } catch {
                tellOfRunDirectory("\(Ownership.advising(error, in: options.runDirectory))")
            }
            membership.mendDirectory()
        }
    }

    private func tellOfRunDirectory(_ reason: String) {
        guard case .log(let repeats) = fold.verdict(on: reason, at: ClockReading.bootNow()) else {
            return
        }
        var facts: Logger.Metadata = ["reason": "\(reason)"]
        if let repeats { facts["repeats"] = "\(repeats)" }
        log.warning("run-directory", metadata: facts)
    }
}

extension Membership {
    /// Puts page and control socket back where they are missing, and says so until the next look.
    func mendDirectory() {
        directoryReasons = []
        do throws(SystemError) {
            if let found = try page.mend() { note(found, "and was written anew") }
        } catch {
            note(
                "\(page.path) is gone, cut, or another file",
                "and can't be written anew: \(error)"
            )
        }
        guard !control.isInPlace else { return }
        let found = "\(control.path) was gone, or another file"
        do throws(SystemError) {
            try control.putBack(at: ClockReading.bootNow())
            note(found, "and was made anew")
        } catch {
            note(found, "and can't be made anew: \(error)")
        }
    }

    private func note(_ found: String, _ outcome: String) {
        let reason = "\(found), \(outcome)"
        directoryReasons.append(reason)
        warnings.note("\(reason): see who does that", about: found, at: ClockReading.bootNow())
        fold(.warning, found, "run-directory", reason)
    }
}
