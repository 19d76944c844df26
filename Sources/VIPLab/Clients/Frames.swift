// The judge shares no code with the judged: nothing of the product is imported in this folder, and
// a test sees to it. What an agent puts on the wire is read here by what the RFCs say.

/// The frames that the lab asks with. Octets as on the wire.
package enum Frames {
    /// Not a type: all frames, and also those that the switch takes for itself.
    static let every: UInt16 = 0x0003
    static let ipv4: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let ipv6: UInt16 = 0x86dd

    static func ethernet(from: MACAddress, to: MACAddress, type: UInt16) -> [UInt8] {
        octets(to.bits, 6) + octets(from.bits, 6) + octets(UInt64(type), 2)
    }

    /// An ARP probe of RFC 5227: its sender has no address, so nobody's cache changes.
    ///
    /// The number is in the low four octets of the sender's hardware address, which the answer
    /// repeats as its target: an answer belongs to one question, whenever it comes.
    package static func arpProbe(number: UInt32, for target: InternetAddress, from: MACAddress)
        -> [UInt8]
    {
        precondition(!target.isIPv6, "ARP is for IPv4")
        let broadcast = ethernet(from: from, to: .broadcast, type: arp)
        let header: [UInt8] = [0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]
        let sender = octets(numbered, 2) + octets(UInt64(number), 4) + [0, 0, 0, 0]
        return broadcast + header + sender + [0, 0, 0, 0, 0, 0] + target.octets
    }

    /// A gratuitous ARP request: "this address is mine". Receivers update what they know.
    static func announcement(of address: InternetAddress, by mac: MACAddress) -> [UInt8] {
        precondition(!address.isIPv6, "ARP is for IPv4")
        let broadcast = ethernet(from: mac, to: .broadcast, type: arp)
        let header: [UInt8] = [0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]
        let sender = octets(mac.bits, 6) + address.octets
        return broadcast + header + sender + [0, 0, 0, 0, 0, 0] + address.octets
    }

    /// The same for an IPv6 address: an unsolicited Neighbor Advertisement to all nodes.
    static func advertisement(of address: InternetAddress, by mac: MACAddress) -> [UInt8] {
        precondition(address.isIPv6, "neighbors are discovered in IPv6")
        let allNodes = [0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [0x01]
        let rest = [0x20, 0, 0, 0] + address.octets + [2, 1] + octets(mac.bits, 6)
        let length = octets(UInt64(4 + rest.count), 4)
        let pseudo = address.octets + allNodes + length + [0, 0, 0, icmpv6]
        let sum = checksum(pseudo + [136, 0, 0, 0] + rest)
        let header = [0x60, 0, 0, 0] + Array(length[2...]) + [icmpv6, 255]
        return ethernet(from: mac, to: MACAddress(bits: 0x3333_0000_0001), type: ipv6) + header
            + address.octets + allNodes + [136, 0] + octets(UInt64(sum), 2) + rest
    }

    /// A Neighbor Solicitation (RFC 4861) to the solicited-node group of the target, by a host that
    /// nobody else is: what it leads to in a cache concerns no client.
    ///
    /// The number is in the low four octets of its source link-layer address, to which the answer
    /// is sent.
    package static func solicitation(
        number: UInt32,
        for target: InternetAddress,
        from: MACAddress,
        source: InternetAddress
    ) -> [UInt8] {
        precondition(target.isIPv6 && source.isIPv6, "neighbors are discovered in IPv6")
        let low = Array(target.octets[13...])
        let group = [0xff, 0x02] + [UInt8](repeating: 0, count: 9) + [0x01, 0xff] + low
        let groupMAC = low.reduce(0x3333_ff) { $0 << 8 | UInt64($1) }
        let option = [1, 1] + octets(numbered, 2) + octets(UInt64(number), 4)
        let rest = [0, 0, 0, 0] + target.octets + option
        let pseudo = source.octets + group + octets(UInt64(4 + rest.count), 4) + [0, 0, 0, icmpv6]
        let sum = checksum(pseudo + [135, 0, 0, 0] + rest)
        let header =
            [0x60, 0, 0, 0] + octets(UInt64(4 + rest.count), 2) + [icmpv6, 255]
            + source.octets + group
        return ethernet(from: from, to: MACAddress(bits: groupMAC), type: ipv6) + header
            + [135, 0] + octets(UInt64(sum), 2) + rest
    }

    private static let icmpv6: UInt8 = 58

    /// The first two octets of the hardware address in which a probe carries its number; "locally
    /// administered", and no host has it.
    private static let numbered: UInt64 = 0x0a76

    /// What an ARP frame or a Neighbor Advertisement says about an address.
    package enum Claim: Hashable {
        /// The answer to our probe of that number.
        case answer(number: UInt32, by: MACAddress)
        /// Gratuitous: nobody has asked.
        case announcement(by: MACAddress)
    }

    /// Nil for frames that claim nothing about the address.
    package static func claim(in frame: [UInt8], about address: InternetAddress) -> Claim? {
        address.isIPv6 ? advertisement(in: frame, of: address) : arpClaim(in: frame, about: address)
    }

    private static func arpClaim(in frame: [UInt8], about address: InternetAddress) -> Claim? {
        guard frame.count >= 42, number(frame, 12, 2) == UInt64(arp),
            Array(frame[28..<32]) == address.octets
        else { return nil }
        let sender = MACAddress(bits: number(frame, 22, 6))
        if Array(frame[38..<42]) == address.octets { return .announcement(by: sender) }
        guard number(frame, 20, 2) == 2, number(frame, 32, 2) == numbered else { return nil }
        return .answer(number: UInt32(number(frame, 34, 4)), by: sender)
    }

    private static func advertisement(in frame: [UInt8], of address: InternetAddress) -> Claim? {
        guard frame.count >= 78, number(frame, 12, 2) == UInt64(ipv6), frame[20] == icmpv6,
            frame[54] == 136, Array(frame[62..<78]) == address.octets
        else { return nil }
        // The first option is the target's link-layer address, if there is one.
        let hasOption = frame.count >= 86 && frame[78] == 2 && frame[79] == 1
        let owner = MACAddress(bits: number(frame, hasOption ? 80 : 6, 6))
        let isSolicited = frame[58] & 0x40 != 0
        guard isSolicited else { return .announcement(by: owner) }
        guard number(frame, 0, 2) == numbered else { return nil }
        return .answer(number: UInt32(number(frame, 2, 4)), by: owner)
    }

    /// One end of a UDP conversation.
    package struct End: Equatable, Sendable {
        let mac: MACAddress
        let address: InternetAddress
        let port: UInt16

        package init(mac: MACAddress, address: InternetAddress, port: UInt16) {
            self.mac = mac
            self.address = address
            self.port = port
        }
    }

    /// A UDP datagram for one host's card, whatever the caches say about the address.
    package static func datagram(_ payload: [UInt8], from: End, to: End) -> [UInt8] {
        precondition(from.address.isIPv6 == to.address.isIPv6, "one family in one datagram")
        let length = UInt64(8 + payload.count)
        let ports = octets(UInt64(from.port), 2) + octets(UInt64(to.port), 2) + octets(length, 2)
        let addresses = from.address.octets + to.address.octets
        // The pseudo header sums up alike in both families.
        let pseudo = addresses + octets(length, 4) + [0, 0, 0, 17]
        let sum = checksum(pseudo + ports + [0, 0] + payload)
        // Zero means that there is none (RFC 768), so that sum is sent as its other form.
        let udp = ports + octets(UInt64(sum == 0 ? 0xffff : sum), 2) + payload

        if from.address.isIPv6 {
            let ip = [0x60, 0, 0, 0] + octets(length, 2) + [17, 64] + addresses
            return ethernet(from: from.mac, to: to.mac, type: ipv6) + ip + udp
        }
        let start = [0x45, 0] + octets(20 + length, 2) + [0, 0, 0x40, 0, 64, 17]
        let ip = start + octets(UInt64(checksum(start + [0, 0] + addresses)), 2) + addresses
        return ethernet(from: from.mac, to: to.mac, type: ipv4) + ip + udp
    }

    /// Ends and payload of a UDP datagram over IPv4; nil for every other frame.
    package static func datagram(
        in frame: [UInt8]
    ) -> (payload: [UInt8], from: End, to: End)? {
        guard frame.count >= 42, number(frame, 12, 2) == UInt64(ipv4), frame[23] == 17 else {
            return nil
        }
        let udp = 14 + Int(frame[14] & 0x0f) * 4
        guard frame.count >= udp + 8 else { return nil }
        let end = udp + Int(number(frame, udp + 4, 2))
        guard end >= udp + 8, end <= frame.count else { return nil }
        func side(_ mac: Int, _ address: Int, _ port: Int) -> End {
            End(
                mac: MACAddress(bits: number(frame, mac, 6)),
                address: InternetAddress(octets: Array(frame[address..<address + 4])),
                port: UInt16(number(frame, port, 2))
            )
        }
        return (Array(frame[udp + 8..<end]), side(6, 26, udp), side(0, 30, udp + 2))
    }

    /// RFC 1071.
    static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: octets.count, by: 2) {
            let low = index + 1 < octets.count ? octets[index + 1] : 0
            sum += UInt32(octets[index]) << 8 | UInt32(low)
        }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return ~UInt16(sum)
    }

    /// The low `count` octets, most significant first.
    static func octets(_ value: UInt64, _ count: Int) -> [UInt8] {
        stride(from: (count - 1) * 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: value >> UInt64($0))
        }
    }

    static func number(_ frame: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        frame[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
