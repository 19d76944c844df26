import VIPNet

/// Takes a gate away for good: off every interface, and out of its pins. Needs no descriptor of
/// it, so that it also serves for what a dead agent left.
package struct GateRemoval: Sendable {
    package struct Outcome: Equatable, Sendable {
        /// Where it was, in words.
        package var removed: [String] = []
        /// What could not be done, and why.
        package var failures: [String] = []
        /// It was not even tried, for the sake of an address.
        package var isNeeded = false

        package init(removed: [String] = [], failures: [String] = []) {
            self.removed = removed
            self.failures = failures
        }
    }

    /// It stays while one of them is on an interface: without a gate nothing would keep such an
    /// address from answering.
    package var addresses: [IPAddress]
    /// Where it may be pinned.
    package var pins: String

    package init(addresses: [IPAddress], pins: String) {
        self.addresses = addresses
        self.pins = pins
    }

    /// - Parameter silenced: for these it need not stay, since something else takes them off.
    package func carryOut(silenced: [IPAddress] = []) -> Outcome {
        var outcome = Outcome()
        do throws(SystemError) {
            let socket = try RouteSocket()
            let left = try socket.addresses().filter {
                ($0.isOurs || addresses.contains($0.address)) && !silenced.contains($0.address)
            }
            guard left.isEmpty else {
                outcome.isNeeded = true
                outcome.failures = left.map { "\($0) is still there, and the gate stays closed" }
                return outcome
            }
            for link in try socket.links() where !link.isLoopback {
                leave(link, &outcome)
            }
        } catch {
            outcome.failures.append("\(error)")
        }
        if outcome.failures.isEmpty { Gate.unpin(pins) }
        return outcome
    }

    private func leave(_ link: Link, _ outcome: inout Outcome) {
        do throws(SystemError) {
            var wasThere = false
            for hook in Gate.Hook.allCases where try Gate.detach(from: link.index, hook) {
                wasThere = true
            }
            guard wasThere else { return }
            outcome.removed.append("gate on \(link.name)")
            try Gate.removeQdisc(from: link.index)
        } catch {
            outcome.failures.append("\(link.name): \(error)")
        }
    }
}
