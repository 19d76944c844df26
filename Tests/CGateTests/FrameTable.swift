import CGate

/// What passes and what does not. The floating addresses are `Frames.floating` in slot 1 and
/// `Frames.floating6` in slot 2.
enum FrameTable {
    typealias Case = FrameTests.Case

    static let all =
        arp + ipv4 + ipv6 + discovery + extensions + tags + unread + bare + passage

    private static let ours = Frames.floating
    private static let other = Frames.other
    private static let ours6 = Frames.floating6
    private static let other6 = Frames.other6

    private static func ethernet(arp payload: [UInt8]) -> [UInt8] {
        Frames.ethernet(0x0806, payload)
    }

    private static func ethernet(ipv4 payload: [UInt8]) -> [UInt8] {
        Frames.ethernet(0x0800, payload)
    }

    private static func ethernet(ipv6 payload: [UInt8]) -> [UInt8] {
        Frames.ethernet(0x86dd, payload)
    }

    private static func discovery(
        _ message: [UInt8],
        source: [UInt8] = other6,
        hopLimit: UInt8 = 255
    ) -> [UInt8] {
        ethernet(
            ipv6: Frames.ipv6(
                source: source,
                destination: other6,
                next: 58,
                hopLimit: hopLimit,
                message
            )
        )
    }

    // MARK: ARP

    static let arp: [Case] = [
        .leaving(
            "a request from the address",
            ethernet(arp: Frames.arp(sender: ours, target: other)),
            slot: Gate.slot
        ),
        .leaving(
            "a reply from the address",
            ethernet(arp: Frames.arp(operation: 2, sender: ours, target: other)),
            slot: Gate.slot
        ),
        .leaving(
            "a gratuitous request",
            ethernet(arp: Frames.arp(sender: ours, target: ours)),
            slot: Gate.slot
        ),
        .leaving(
            "a gratuitous reply",
            ethernet(arp: Frames.arp(operation: 2, sender: ours, target: ours)),
            slot: Gate.slot
        ),
        .leaving(
            "a packet with an unknown operation from the address",
            ethernet(arp: Frames.arp(operation: 4711, sender: ours, target: other)),
            slot: Gate.slot
        ),
        .leaving(
            "a packet that lies about the length of hardware addresses",
            ethernet(arp: Frames.arp(sender: ours, target: other, hardwareLength: 9)),
            slot: Gate.slot
        ),
        .leaving(
            "a packet with hardware addresses of eight octets",
            ethernet(
                arp: Frames.arp(
                    sender: ours,
                    target: other,
                    hardwareLength: 8,
                    hardware: Frames.mac + [9, 9]
                )
            ),
            slot: Gate.slot
        ),
        .leaving(
            "a packet without hardware addresses",
            ethernet(
                arp: Frames.arp(sender: ours, target: other, hardwareLength: 0, hardware: [])
                    + [1, 2, 3, 4]
            ),
            slot: Gate.slot
        ),
        .free(
            "a standby's question for it",
            ethernet(arp: Frames.arp(sender: other, target: ours))
        ),
        .free("a probe for it", ethernet(arp: Frames.arp(sender: Frames.nobody, target: ours))),
        .free(
            "another address's answer",
            ethernet(arp: Frames.arp(operation: 2, sender: other, target: ours))
        ),
        .free(
            "a claim that comes in",
            ethernet(arp: Frames.arp(sender: ours, target: ours)),
            CGATE_INGRESS
        ),
        .free(
            "a question that comes in",
            ethernet(arp: Frames.arp(sender: other, target: ours)),
            CGATE_INGRESS
        ),
    ]

    // MARK: IP

    static let ipv4: [Case] = [
        .leaving(
            "IPv4 from the address",
            ethernet(ipv4: Frames.ipv4(source: ours, destination: other)),
            slot: Gate.slot
        ),
        .leaving(
            "IPv4 with options from the address",
            ethernet(
                ipv4: Frames.ipv4(
                    source: ours,
                    destination: other,
                    options: [7, 7, 4, 0, 0, 0, 0, 0]
                )
            ),
            slot: Gate.slot
        ),
        .leaving(
            "a later fragment from the address",
            ethernet(ipv4: Frames.ipv4(source: ours, destination: other, fragment: 185)),
            slot: Gate.slot
        ),
        .leaving(
            "IPv4 from the address to itself",
            ethernet(ipv4: Frames.ipv4(source: ours, destination: ours)),
            slot: Gate.slot
        ),
        .leaving(
            "a header from the address with nothing behind it",
            ethernet(ipv4: Frames.ipv4(source: ours, destination: other, payload: [])),
            slot: Gate.slot
        ),
        .arriving(
            "IPv4 to the address",
            ethernet(ipv4: Frames.ipv4(source: other, destination: ours)),
            slot: Gate.slot
        ),
        .arriving(
            "IPv4 with options to the address",
            ethernet(
                ipv4: Frames.ipv4(source: other, destination: ours, options: [1, 1, 1, 0])
            ),
            slot: Gate.slot
        ),
        .arriving(
            "a fragment to the address",
            ethernet(ipv4: Frames.ipv4(source: other, destination: ours, fragment: 0x2000)),
            slot: Gate.slot
        ),
        .arriving(
            "IPv4 from the address to itself",
            ethernet(ipv4: Frames.ipv4(source: ours, destination: ours)),
            slot: Gate.slot
        ),
        .free(
            "a standby's IPv4 to the address",
            ethernet(ipv4: Frames.ipv4(source: other, destination: ours))
        ),
        .free(
            "the owner's IPv4 to a standby",
            ethernet(ipv4: Frames.ipv4(source: ours, destination: other)),
            CGATE_INGRESS
        ),
        .free(
            "foreign IPv4",
            ethernet(ipv4: Frames.ipv4(source: other, destination: [10, 77, 0, 1]))
        ),
        .free(
            "foreign IPv4 that comes in",
            ethernet(ipv4: Frames.ipv4(source: other, destination: [10, 77, 0, 1])),
            CGATE_INGRESS
        ),
        .free("a frame of another type", Frames.ethernet(0x88cc, [2, 7, 4] + ours + ours)),
    ]

    static let ipv6: [Case] = [
        .leaving(
            "IPv6 from the address",
            ethernet(ipv6: Frames.ipv6(source: ours6, destination: other6))
        ),
        .leaving(
            "IPv6 with an extension header from the address",
            ethernet(
                ipv6: Frames.behind([.destination], source: ours6, upper: 17, [1, 2, 3, 4])
            )
        ),
        .arriving(
            "IPv6 to the address",
            ethernet(ipv6: Frames.ipv6(source: other6, destination: ours6))
        ),
        .arriving(
            "a fragment over IPv6 to the address",
            ethernet(
                ipv6: Frames.behind([.fragment], destination: ours6, upper: 17, [1, 2, 3, 4])
            )
        ),
        .arriving(
            "a solicitation to the address itself",
            ethernet(
                ipv6: Frames.ipv6(
                    source: other6,
                    destination: ours6,
                    next: 58,
                    Frames.solicitation(ours6)
                )
            )
        ),
        .free(
            "a standby's IPv6 to the address",
            ethernet(ipv6: Frames.ipv6(source: other6, destination: ours6))
        ),
        .free(
            "the owner's IPv6 to a standby",
            ethernet(ipv6: Frames.ipv6(source: ours6, destination: other6)),
            CGATE_INGRESS
        ),
        .free(
            "foreign IPv6",
            ethernet(ipv6: Frames.ipv6(source: other6, destination: other6))
        ),
        .free(
            "an address that differs in its last bit",
            ethernet(
                ipv6: Frames.ipv6(source: ours6.dropLast() + [0x65], destination: other6)
            )
        ),
    ]

    static let discovery: [Case] = [
        .leaving("an advertisement of the address", discovery(Frames.advertisement(ours6))),
        .leaving(
            "an advertisement of the address from itself",
            discovery(Frames.advertisement(ours6), source: ours6)
        ),
        .leaving(
            "an advertisement of the address that nobody would take",
            discovery(Frames.advertisement(ours6), hopLimit: 64)
        ),
        .leaving(
            "an advertisement from the address of another one",
            discovery(Frames.advertisement(other6), source: ours6)
        ),
        .leaving(
            "duplicate address detection",
            discovery(Frames.solicitation(ours6), source: Frames.unspecified6)
        ),
        .leaving(
            "a solicitation from the address",
            discovery(Frames.solicitation(other6), source: ours6)
        ),
        .leaving(
            "a router solicitation from the address",
            discovery([133, 0, 0, 0, 0, 0, 0, 0, 1, 1] + Frames.mac, source: ours6)
        ),
        .free("a standby's solicitation for it", discovery(Frames.solicitation(ours6))),
        .free(
            "another address's detection",
            discovery(Frames.solicitation(other6), source: Frames.unspecified6)
        ),
        .free("another address's advertisement", discovery(Frames.advertisement(other6))),
        .free(
            "an echo whose octets look like a target",
            discovery([128, 0, 0, 0, 0, 1, 0, 1] + ours6)
        ),
        .free(
            "UDP whose octets look like an advertisement",
            ethernet(
                ipv6: Frames.ipv6(
                    source: other6,
                    destination: other6,
                    Frames.advertisement(ours6)
                )
            )
        ),
        Case(
            testDescription: "an advertisement of it that comes in passes",
            program: CGATE_INGRESS,
            frame: discovery(Frames.advertisement(ours6)),
            isDropped: false
        ),
    ]
}
