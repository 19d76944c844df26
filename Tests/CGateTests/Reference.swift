/// What the gate ought to do, written a second time: from the rules, one after the other, over a
/// whole frame that lies in memory, without regard to speed. It shares nothing with the program.
struct Reference {
    /// What decided. A run over random frames has to come by all of them.
    enum Rule: String, CaseIterable {
        case arpSender, arpSenderElsewhere, advertisement, duplicateDetection, source4, source6
        case destination4, destination6
        case cutFrame, cutARP, cut4, cut6, cutDiscovery, cutChain, longChain, laterFragment
        case deepTags
        case otherStation
        case nothing
    }

    /// Whether a deadline has passed, by address.
    let passed: [[UInt8]: Bool]

    typealias Answer = (drops: Bool, rule: Rule)

    private func hasPassed(_ address: ArraySlice<UInt8>) -> Bool { passed[Array(address)] ?? false }

    private func anyPassed(octets count: Int) -> Bool {
        passed.contains { $0.key.count == count && $0.value }
    }

    private static let pass: Answer = (false, .nothing)

    private func unread(_ rule: Rule, octets: Int...) -> Answer {
        octets.contains { anyPassed(octets: $0) } ? (true, rule) : Self.pass
    }

    func leaving(_ frame: [UInt8]) -> Answer {
        var rest = frame.dropFirst(12)
        var type = 0x8100
        var tags = -1
        while [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300].contains(type) {
            tags += 1
            if tags > 8 { return unread(.deepTags, octets: 4, 16) }
            if tags > 0 { rest = rest.dropFirst(2) }
            guard rest.count >= 2 else { return unread(.cutFrame, octets: 4, 16) }
            type = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
        }
        switch type {
        case 0x0800: return leaving4(rest)
        case 0x86dd: return leaving6(rest)
        case 0x0806: return arp(rest)
        default: return Self.pass
        }
    }

    private func arp(_ packet: ArraySlice<UInt8>) -> Answer {
        guard packet.count >= 18 else { return unread(.cutARP, octets: 4) }
        if hasPassed(packet.dropFirst(14).prefix(4)) { return (true, .arpSender) }
        let length = Int(packet[packet.startIndex + 4])
        if hasPassed(packet.dropFirst(8 + length).prefix(4)) { return (true, .arpSenderElsewhere) }
        return Self.pass
    }

    private func leaving4(_ packet: ArraySlice<UInt8>) -> Answer {
        guard packet.count >= 16 else { return unread(.cut4, octets: 4) }
        return hasPassed(packet.dropFirst(12).prefix(4)) ? (true, .source4) : Self.pass
    }

    private func leaving6(_ packet: ArraySlice<UInt8>) -> Answer {
        guard packet.count >= 40 else { return unread(.cut6, octets: 16) }
        let source = packet.dropFirst(8).prefix(16)
        if hasPassed(source) { return (true, .source6) }
        let answer = chain(
            packet.dropFirst(40),
            next: packet[packet.startIndex + 6],
            isUnspecified: source.allSatisfy { $0 == 0 },
            headers: 8
        )
        let isGuess = [.cutDiscovery, .cutChain, .longChain, .laterFragment].contains(answer.rule)
        // Nobody takes Neighbor Discovery that may have come through a router.
        return isGuess && packet[packet.startIndex + 7] != 255 ? Self.pass : answer
    }

    private func chain(
        _ rest: ArraySlice<UInt8>,
        next: UInt8,
        isUnspecified: Bool,
        headers: Int
    ) -> Answer {
        let known: [UInt8] = [0, 43, 44, 51, 60, 135, 139, 140]
        if next == 58 { return discovery(rest, isUnspecified: isUnspecified) }
        guard known.contains(next) else { return Self.pass }
        guard headers > 0 else { return unread(.longChain, octets: 16) }
        guard rest.count >= 4 else { return unread(.cutChain, octets: 16) }
        let octets = Array(rest.prefix(4))
        var length = 8 + 8 * Int(octets[1])
        if next == 51 { length = 8 + 4 * Int(octets[1]) }
        if next == 44 {
            length = 8
            let offset = (Int(octets[2]) << 8 | Int(octets[3])) >> 3
            if offset > 0 {
                guard octets[0] == 58 || known.contains(octets[0]) else { return Self.pass }
                return unread(.laterFragment, octets: 16)
            }
        }
        return chain(
            rest.dropFirst(length),
            next: octets[0],
            isUnspecified: isUnspecified,
            headers: headers - 1
        )
    }

    private func discovery(_ message: ArraySlice<UInt8>, isUnspecified: Bool) -> Answer {
        guard let type = message.first else { return unread(.cutDiscovery, octets: 16) }
        guard type == 136 || type == 135 && isUnspecified else { return Self.pass }
        guard message.count >= 24 else { return unread(.cutDiscovery, octets: 16) }
        guard hasPassed(message.dropFirst(8).prefix(16)) else { return Self.pass }
        return (true, type == 136 ? .advertisement : .duplicateDetection)
    }

    /// Of an interface that has no hardware address: what is for a single station is another's.
    func arriving(_ frame: [UInt8]) -> Answer {
        if frame[0] & 1 == 0 { return (false, .otherStation) }
        var rest = frame.dropFirst(12)
        for _ in 0...8 {
            guard rest.count >= 2 else { return Self.pass }
            let type = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            switch type {
            case 0x0800:
                let address = rest.dropFirst(16).prefix(4)
                return hasPassed(address) ? (true, .destination4) : Self.pass
            case 0x86dd:
                let address = rest.dropFirst(24).prefix(16)
                return hasPassed(address) ? (true, .destination6) : Self.pass
            case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300:
                rest = rest.dropFirst(2)
            default:
                return Self.pass
            }
        }
        return Self.pass
    }
}
