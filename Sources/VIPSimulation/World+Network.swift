import VIPCore

extension World {
    /// A host's kernel takes a frame from its agent.
    func transmit(_ honest: Frame, from host: Int) {
        let frame = lieOrNot(honest, from: host)
        let (from, to, path) = (index(frame.sender), index(frame.receiver), Int(frame.path))
        guard to < scenario.hosts, to != from, path < scenario.paths else {
            return violate(.frameAfterPage, "a frame to nobody: \(describe(frame))")
        }
        guard hosts[host].carrier[path] else { return }
        for receiver in hosts.indices where hosts[receiver].id == frame.receiver {
            carry(frame, to: receiver, over: network.link(from, to, path))
        }
    }

    /// All copies of a frame, over all paths, have the same lie.
    private func lieOrNot(_ frame: Frame, from host: Int) -> Frame {
        guard let lying, lying.host == host, lying.left > 0, hosts[host].powered else {
            return frame
        }
        let background = Lie.Background(
            isNode: hosts[host].isNode,
            lease: .nanoseconds(scenario.lease),
            voters: hosts.map(\.id)
        )
        let number = lying.number &+ frame.sequence
        guard let told = lying.lie.told(in: frame, from: background, number: number) else {
            return frame
        }
        if frame.path == UInt8(scenario.paths - 1) { self.lying?.left -= 1 }
        note("\(hosts[host].name) lies: \(describe(told))")
        // As long as it lies it may make two owners; what it has said lasts for one lease.
        if lying.lie == .grantAnyway { exposedUntil = now + longestLease * 2 }
        return told
    }

    private func carry(_ frame: Frame, to receiver: Int, over link: Int) {
        var sent = Network.Sent(frame: frame, to: receiver, sentAt: now, recording: nil)
        sent.recording = network.record(sent)
        let lossy = !network.perfect
        guard !network.links[link].cut, !(lossy && network.random.happens(scenario.loss)),
            !(frame.isLarge && network.isNarrow(link))
        else { return }
        let copies = lossy && network.random.happens(scenario.duplicates) ? 2 : 1
        for _ in 0..<copies {
            var delay = network.drawDelay(over: link)
            if lossy, network.random.happens(scenario.spikes) {
                delay += network.random.within(0...scenario.greatestSpike)
            }
            let slot = network.store(sent)
            if network.links[link].clogged {
                network.links[link].kept.append(slot)
            } else {
                plan(.deliver(slot: slot), after: delay)
            }
        }
    }

    func arrive(_ slot: Int) {
        deliver(network.remove(slot))
    }

    func arriveAgain(_ slot: Int) {
        let sent = network.recordings[slot].sent
        note("attacker replays \(describe(sent.frame))")
        deliver(sent)
    }

    private func deliver(_ sent: Network.Sent) {
        let host = sent.to
        guard hosts[host].runs, hosts[host].carrier[Int(sent.frame.path)] else { return }
        guard let process = hosts[host].process else { return }
        guard process.incoming.count - process.taken < Process.mostWaiting else { return }
        tell(host, .event(.received(sent.frame)), recording: sent.recording, sentAt: sent.sentAt)
    }

    /// What a clogged link has kept flows, in any order.
    func flush(_ link: Int) {
        guard !network.links[link].clogged else { return }
        let kept = network.links[link].kept
        network.links[link].kept = []
        for slot in kept { plan(.deliver(slot: slot), after: network.drawDelay(over: link)) }
    }
}
