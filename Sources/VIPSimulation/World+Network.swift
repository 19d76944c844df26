import VIPCore

extension World {
    /// A host's kernel takes a frame from its agent.
    func transmit(_ frame: Frame) {
        let (from, to, path) = (index(frame.sender), index(frame.receiver), Int(frame.path))
        guard hosts.indices.contains(to), to != from, path < scenario.paths else {
            return violate(.frameAfterPage, "a frame to nobody: \(describe(frame))")
        }
        var sent = Network.Sent(frame: frame, sentAt: now, recording: nil)
        sent.recording = network.record(sent)
        let link = network.links[network.link(from, to, path)]
        guard !link.cut, hosts[from].carrier[path] else { return }
        let lossy = !network.perfect
        guard !(lossy && network.chance.happens(scenario.loss)) else { return }
        let copies = lossy && network.chance.happens(scenario.duplicates) ? 2 : 1
        for _ in 0..<copies {
            var delay = network.chance.within(network.delay)
            if lossy, network.chance.happens(scenario.spikes) {
                delay += network.chance.within(0...scenario.greatestSpike)
            }
            let slot = network.store(sent)
            if link.clogged {
                network.links[network.link(from, to, path)].kept.append(slot)
            } else {
                plan(.deliver(slot: slot), after: delay)
            }
        }
    }

    func arrive(_ slot: Int) {
        deliver(network.take(slot))
    }

    func arriveAgain(_ slot: Int) {
        let sent = network.recordings[slot].sent
        note("attacker replays \(describe(sent.frame))")
        deliver(sent)
    }

    private func deliver(_ sent: Network.Sent) {
        let host = index(sent.frame.receiver)
        guard hosts[host].runs, hosts[host].carrier[Int(sent.frame.path)] else { return }
        guard let process = hosts[host].process else { return }
        guard process.incoming.count - process.taken < Process.mostWaiting else { return }
        tell(host, .received(sent.frame), recording: sent.recording, sentAt: sent.sentAt)
    }

    /// What a clogged link has kept flows, in any order.
    func flush(_ link: Int) {
        guard !network.links[link].clogged else { return }
        let kept = network.links[link].kept
        network.links[link].kept = []
        for slot in kept { plan(.deliver(slot: slot), after: network.chance.within(network.delay)) }
    }
}
