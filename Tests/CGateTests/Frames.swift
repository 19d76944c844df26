/// Frames, octet by octet, as hosts on the network of the tests send them.
enum Frames {
    static let floating: [UInt8] = [10, 77, 0, 100]
    static let other: [UInt8] = [10, 77, 0, 9]
    static let floating6: [UInt8] = [0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64]
    static let other6: [UInt8] = [0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x09]
    static let unspecified6 = [UInt8](repeating: 0, count: 16)
    static let nobody: [UInt8] = [0, 0, 0, 0]

    static let mac: [UInt8] = [2, 0x11, 0x22, 0x33, 0x44, 0x55]
    static let broadcast = [UInt8](repeating: 0xff, count: 6)
    /// Of a host that is not the one with the gate.
    static let station: [UInt8] = [2, 0x99, 0x99, 0x99, 0x99, 0x99]

    static func big(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    /// `tags` are types of tags, outermost first; each has VLAN 5 and no priority.
    static func ethernet(
        _ type: Int,
        tags: [Int] = [],
        to station: [UInt8] = broadcast,
        _ payload: [UInt8]
    ) -> [UInt8] {
        station + mac + tags.flatMap { big($0) + [0, 5] } + big(type) + payload
    }

    static func arp(
        operation: Int = 1,
        sender: [UInt8],
        target: [UInt8],
        hardwareLength: UInt8 = 6,
        hardware: [UInt8] = mac
    ) -> [UInt8] {
        [0, 1, 8, 0, hardwareLength, 4] + big(operation) + hardware + sender
            + [UInt8](repeating: 0, count: hardware.count) + target
    }

    static func ipv4(
        source: [UInt8],
        destination: [UInt8],
        options: [UInt8] = [],
        fragment: Int = 0,
        protocol number: UInt8 = 17,
        payload: [UInt8] = [0x30, 0x39, 0, 53, 0, 8, 0, 0]
    ) -> [UInt8] {
        let words = UInt8(5 + options.count / 4)
        let length = 20 + options.count + payload.count
        return [0x40 | words, 0] + big(length) + [0x12, 0x34] + big(fragment) + [64, number, 0, 0]
            + source + destination + options + payload
    }

    static func ipv6(
        source: [UInt8],
        destination: [UInt8],
        next: UInt8 = 17,
        hopLimit: UInt8 = 255,
        _ payload: [UInt8] = [0x30, 0x39, 0, 53, 0, 8, 0, 0]
    ) -> [UInt8] {
        [0x60, 0, 0, 0] + big(payload.count) + [next, hopLimit] + source + destination + payload
    }

    /// An ICMPv6 message of Neighbor Discovery, with the link-layer address as its option.
    static func discovery(_ type: UInt8, target: [UInt8], option: UInt8 = 2) -> [UInt8] {
        [type, 0, 0xab, 0xcd, 0x20, 0, 0, 0] + target + [option, 1] + mac
    }

    static func advertisement(_ target: [UInt8]) -> [UInt8] { discovery(136, target: target) }
    static func solicitation(_ target: [UInt8]) -> [UInt8] {
        discovery(135, target: target, option: 1)
    }

    /// An extension header that is `eights` times eight octets long, the fragment header excepted.
    static func extensionHeader(
        _ kind: ExtensionHeader,
        next: UInt8,
        eights: Int = 1,
        offset: Int = 0
    ) -> [UInt8] {
        switch kind {
        case .fragment:
            [next, 0] + big(offset << 3 | 1) + [0, 0, 0, 7]
        case .authentication:
            // Its length is told in fours, two of them not counted.
            [next, UInt8(eights * 2 - 2)] + [UInt8](repeating: 0, count: eights * 8 - 2)
        case .hopByHop, .routing, .destination, .mobility, .hostIdentity, .shim6:
            // Padding of that length, where it has options.
            [next, UInt8(eights - 1), 1, UInt8(truncatingIfNeeded: eights * 8 - 4)]
                + [UInt8](repeating: 0, count: eights * 8 - 4)
        }
    }

    enum ExtensionHeader: UInt8, CaseIterable {
        case hopByHop = 0
        case routing = 43
        case fragment = 44
        case authentication = 51
        case destination = 60
        case mobility = 135
        case hostIdentity = 139
        case shim6 = 140
    }

    /// An IPv6 packet whose `message` is behind these headers.
    static func behind(
        _ kinds: [ExtensionHeader],
        eights: Int = 1,
        source: [UInt8] = other6,
        destination: [UInt8] = other6,
        hopLimit: UInt8 = 255,
        upper: UInt8 = 58,
        _ message: [UInt8]
    ) -> [UInt8] {
        var chain: [UInt8] = []
        for (index, kind) in kinds.enumerated() {
            let next = index + 1 < kinds.count ? kinds[index + 1].rawValue : upper
            chain += extensionHeader(kind, next: next, eights: eights)
        }
        return ipv6(
            source: source,
            destination: destination,
            next: kinds.first?.rawValue ?? upper,
            hopLimit: hopLimit,
            chain + message
        )
    }
}
