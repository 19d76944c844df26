import CNetlink
import VIPNet

/// A classic BPF program for a socket: it lets through what may be a claim to one of the addresses,
/// and keeps the rest from waking anybody.
///
/// It has no room for thousands of addresses. It compares the bits in which all of them agree (of
/// IPv6, the last 32): one address is compared whole, those of a subnet by its prefix. Who reads
/// the socket compares the rest.
package struct ClaimFilter: Equatable, Sendable {
    package struct Instruction: Equatable, Sendable {
        package var code: UInt16
        package var ifTrue: UInt8 = 0
        package var ifFalse: UInt8 = 0
        package var operand: UInt32 = 0
    }

    package enum Family: CaseIterable, Sendable { case arp, neighborDiscovery }

    package private(set) var instructions: [Instruction] = []

    // linux/bpf_common.h
    private static let loadWord: UInt16 = 0x20
    private static let loadHalf: UInt16 = 0x28
    private static let loadByte: UInt16 = 0x30
    private static let and: UInt16 = 0x54
    private static let jumpIfEqual: UInt16 = 0x15
    private static let give: UInt16 = 0x06
    /// SKF_NET_OFF: offsets from here on count from the network header, wherever the socket begins.
    private static let network: UInt32 = 0xfff0_0000

    /// nil where there is no address of that family.
    package init?(_ family: Family, of addresses: [IPAddress]) {
        let words: [UInt32] = addresses.compactMap { address in
            switch (family, address) {
            case (.arp, .v4(let bits)): bits
            case (.neighborDiscovery, .v6(_, let low)): UInt32(truncatingIfNeeded: low)
            case (.arp, .v6), (.neighborDiscovery, .v4): nil
            }
        }
        guard let first = words.first else { return nil }
        let mask = ~words.reduce(0) { $0 | ($1 ^ first) }
        switch family {
        case .arp: buildARP(mask, first & mask)
        case .neighborDiscovery: buildNeighborDiscovery(mask, first & mask)
        }
        resolve()
    }

    /// Jumps to the end are written as these, and counted when the end is known.
    private static let drop: UInt8 = 0xff
    private static let take: UInt8 = 0xfe

    private mutating func load(_ code: UInt16, at offset: UInt32) {
        instructions.append(Instruction(code: code, operand: offset))
    }

    private mutating func compare(_ value: UInt32, ifTrue: UInt8 = 0, ifFalse: UInt8 = drop) {
        instructions.append(
            Instruction(
                code: Self.jumpIfEqual,
                ifTrue: ifTrue,
                ifFalse: ifFalse,
                operand: value
            )
        )
    }

    private mutating func compareMasked(_ mask: UInt32, _ value: UInt32) {
        instructions.append(Instruction(code: Self.and, operand: mask))
        compare(value, ifTrue: Self.take)
    }

    private mutating func buildARP(_ mask: UInt32, _ value: UInt32) {
        load(Self.loadHalf, at: Self.network)
        compare(1)
        load(Self.loadHalf, at: Self.network + 2)
        compare(0x0800)
        load(Self.loadHalf, at: Self.network + 4)
        compare(0x0604)
        // A probe has no sender.
        load(Self.loadWord, at: Self.network + 14)
        compare(0, ifTrue: Self.drop, ifFalse: 0)
        compareMasked(mask, value)
    }

    /// Of a raw ICMPv6 socket.
    private mutating func buildNeighborDiscovery(_ mask: UInt32, _ value: UInt32) {
        // What has crossed a router is no Neighbor Discovery.
        load(Self.loadByte, at: Self.network + 7)
        compare(255)
        load(Self.loadByte, at: 0)
        // An advertisement: the end of its target.
        compare(136, ifTrue: 0, ifFalse: 3)
        load(Self.loadWord, at: 20)
        compareMasked(mask, value)
        // A solicitation: the end of its source.
        compare(135)
        load(Self.loadWord, at: Self.network + 20)
        compareMasked(mask, value)
    }

    private mutating func resolve() {
        let end = instructions.count
        for index in instructions.indices where instructions[index].code == Self.jumpIfEqual {
            func target(_ jump: UInt8) -> UInt8 {
                switch jump {
                case Self.take: UInt8(end - index - 1)
                case Self.drop: UInt8(end - index)
                default: jump
                }
            }
            instructions[index].ifTrue = target(instructions[index].ifTrue)
            instructions[index].ifFalse = target(instructions[index].ifFalse)
        }
        instructions.append(Instruction(code: Self.give, operand: .max))
        instructions.append(Instruction(code: Self.give, operand: 0))
    }

    func attach(to number: Int32) throws(SystemError) {
        let program = instructions.map { instruction in
            vip_instruction(
                code: instruction.code,
                if_true: instruction.ifTrue,
                if_false: instruction.ifFalse,
                operand: instruction.operand
            )
        }
        try SystemCall.check("SO_ATTACH_FILTER", on: "the watch for claims") {
            unsafe vip_socket_filter(number, program, program.count)
        }
    }
}
