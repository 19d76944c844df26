import CGate

extension FrameTable {
    private static let ours = Frames.floating
    private static let other = Frames.other
    private static let ours6 = Frames.floating6
    private static let other6 = Frames.other6
    private static let claim = Frames.advertisement(ours6)

    /// As many extension headers as the gate walks.
    private static let bound = 8
    /// As many tags as it skips.
    private static let tagBound = 8

    private static func ethernet(_ packet: [UInt8]) -> [UInt8] { Frames.ethernet(0x86dd, packet) }

    private static func unread(_ what: String, _ frame: [UInt8]) -> Case {
        .leaving(what, frame, slot: UInt32(CGATE_UNREAD))
    }

    // MARK: Extension headers

    static let extensions: [Case] =
        Frames.ExtensionHeader.allCases.flatMap { kind -> [Case] in
            // A fragment header has one length only.
            let lengths = kind == .fragment ? [1] : [1, 3, 33]
            return lengths.map { eights in
                .leaving(
                    "an advertisement behind \(kind) of \(eights * 8) octets",
                    ethernet(Frames.behind([kind], eights: eights, claim))
                )
            }
        } + [
            .leaving(
                "duplicate address detection behind two headers",
                ethernet(
                    Frames.behind(
                        [.hopByHop, .destination],
                        source: Frames.unspecified6,
                        Frames.solicitation(ours6)
                    )
                )
            ),
            .leaving(
                "an advertisement behind one header of each kind",
                ethernet(Frames.behind(Frames.ExtensionHeader.allCases, claim))
            ),
            .leaving(
                "an advertisement behind as many headers as are walked",
                ethernet(Frames.behind(.init(repeating: .destination, count: bound), claim))
            ),
            unread(
                "an advertisement behind one header more",
                ethernet(Frames.behind(.init(repeating: .destination, count: bound + 1), claim))
            ),
            unread(
                "a later fragment of ICMPv6",
                ethernet(
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 44,
                        Frames.extensionHeader(.fragment, next: 58, offset: 3) + [1, 2, 3, 4]
                    )
                )
            ),
            unread(
                "a later fragment of something behind options",
                ethernet(
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 44,
                        Frames.extensionHeader(.fragment, next: 60, offset: 1) + [1, 2, 3, 4]
                    )
                )
            ),
            unread(
                "a first fragment that ends before its target",
                ethernet(Frames.behind([.fragment], Array(claim.prefix(8))))
            ),
            .free(
                "a later fragment of UDP",
                ethernet(
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 44,
                        Frames.extensionHeader(.fragment, next: 17, offset: 3) + claim
                    )
                )
            ),
            .free(
                "a later fragment of ICMPv6 that can't be discovery",
                ethernet(
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 44,
                        hopLimit: 64,
                        Frames.extensionHeader(.fragment, next: 58, offset: 3) + [1, 2, 3, 4]
                    )
                )
            ),
            .free(
                "a long chain that can't end in discovery",
                ethernet(
                    Frames.behind(
                        .init(repeating: .destination, count: bound + 1),
                        hopLimit: 64,
                        claim
                    )
                )
            ),
            .free(
                "another advertisement behind headers",
                ethernet(Frames.behind([.hopByHop], Frames.advertisement(other6)))
            ),
            .free(
                "UDP behind headers",
                ethernet(Frames.behind([.hopByHop, .routing], upper: 17, claim))
            ),
            .free(
                "what is encrypted",
                ethernet(Frames.behind([.hopByHop], upper: 50, claim))
            ),
            .free(
                "a packet without a message",
                ethernet(Frames.behind([.hopByHop], upper: 59, claim))
            ),
        ]

    // MARK: Tags

    private static let tagTypes = [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300]

    static let tags: [Case] =
        tagTypes.flatMap { type -> [Case] in
            let name = "a tag \(String(type, radix: 16))"
            return [
                .leaving(
                    "ARP behind \(name)",
                    Frames.ethernet(
                        0x0806,
                        tags: [type],
                        Frames.arp(sender: ours, target: other)
                    ),
                    slot: Gate.slot
                ),
                .arriving(
                    "IPv4 behind \(name)",
                    Frames.ethernet(
                        0x0800,
                        tags: [type],
                        Frames.ipv4(source: other, destination: ours)
                    ),
                    slot: Gate.slot
                ),
            ]
        } + [
            .leaving(
                "an advertisement behind two tags",
                Frames.ethernet(0x86dd, tags: [0x88a8, 0x8100], Frames.behind([.hopByHop], claim))
            ),
            .leaving(
                "IPv4 behind as many tags as are skipped",
                Frames.ethernet(
                    0x0800,
                    tags: .init(repeating: 0x8100, count: tagBound),
                    Frames.ipv4(source: ours, destination: other)
                ),
                slot: Gate.slot
            ),
            unread(
                "anything behind one tag more",
                Frames.ethernet(
                    0x88cc,
                    tags: .init(repeating: 0x8100, count: tagBound + 1),
                    [1, 2, 3, 4]
                )
            ),
            .free(
                "a question behind two tags",
                Frames.ethernet(
                    0x0806,
                    tags: [0x88a8, 0x8100],
                    Frames.arp(sender: other, target: ours)
                )
            ),
            .free(
                "a deep stack of tags that comes in",
                Frames.ethernet(
                    0x0800,
                    tags: .init(repeating: 0x8100, count: tagBound + 1),
                    Frames.ipv4(source: other, destination: ours)
                ),
                CGATE_INGRESS
            ),
        ]

    // MARK: Frames that end too early
    // IP is behind a tag here: the kernel refuses to try a program with a cut IP header.

    static let unread: [Case] =
        [1, 4, 7, 14, 17].map { length in
            unread(
                "ARP of \(length) octets",
                Frames.ethernet(0x0806, .init(repeating: 6, count: length))
            )
        }
        + [0, 1, 12, 15].map { length in
            unread(
                "IPv4 of \(length) octets",
                Frames.ethernet(0x0800, tags: [0x8100], .init(repeating: 0x45, count: length))
            )
        }
        + [0, 1, 23, 39].map { length in
            unread(
                "IPv6 of \(length) octets",
                Frames.ethernet(0x86dd, tags: [0x8100], .init(repeating: 0x60, count: length))
            )
        }
        + [0, 1, 7, 8, 23].map { length in
            unread(
                "an advertisement of \(length) octets",
                Frames.ethernet(
                    0x86dd,
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 58,
                        Array(claim.prefix(length))
                    )
                )
            )
        }
        + [0, 1, 3].map { length in
            unread(
                "an extension header of \(length) octets",
                Frames.ethernet(
                    0x86dd,
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 60,
                        .init(repeating: 0, count: length)
                    )
                )
            )
        } + [
            unread("a tag with nothing behind it", Frames.ethernet(0x8100, [0, 5])),
            unread(
                "a chain that points behind the end",
                Frames.ethernet(
                    0x86dd,
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 60,
                        [58, 200, 1, 4, 0, 0, 0, 0] + claim
                    )
                )
            ),
            .free(
                "a short advertisement that nobody would take",
                Frames.ethernet(
                    0x86dd,
                    Frames.ipv6(
                        source: other6,
                        destination: other6,
                        next: 58,
                        hopLimit: 64,
                        Array(claim.prefix(23))
                    )
                )
            ),
            .free(
                "a short frame that comes in",
                Frames.ethernet(0x0800, tags: [0x8100], [0x45]),
                CGATE_INGRESS
            ),
            .free(
                "a short frame that comes in over IPv6",
                Frames.ethernet(0x86dd, tags: [0x8100], [0x60]),
                CGATE_INGRESS
            ),
        ]

    // MARK: Links without a header

    static let bare: [Case] = [
        Case(
            testDescription: "IPv4 from the address does not leave a bare link",
            program: CGATE_EGRESS_BARE,
            frame: Frames.ipv4(source: ours, destination: other),
            isDropped: true,
            slot: Gate.slot
        ),
        Case(
            testDescription: "IPv4 to the address does not come in from a bare link",
            program: CGATE_INGRESS_BARE,
            frame: Frames.ipv4(source: other, destination: ours),
            isDropped: true,
            slot: Gate.slot
        ),
        Case(
            testDescription: "IPv6 from the address does not leave a bare link",
            program: CGATE_EGRESS_BARE,
            frame: Frames.ipv6(source: ours6, destination: other6),
            isDropped: true
        ),
        Case(
            testDescription: "IPv6 to the address does not come in from a bare link",
            program: CGATE_INGRESS_BARE,
            frame: Frames.ipv6(source: other6, destination: ours6),
            isDropped: true
        ),
        Case(
            testDescription: "an advertisement does not leave a bare link",
            program: CGATE_EGRESS_BARE,
            frame: Frames.behind([.hopByHop], claim),
            isDropped: true
        ),
        Case(
            testDescription: "a short IPv4 packet does not leave a bare link",
            program: CGATE_EGRESS_BARE,
            frame: Array(Frames.ipv4(source: ours, destination: other).prefix(15)),
            isDropped: true,
            slot: UInt32(CGATE_UNREAD)
        ),
        .free(
            "IPv4 to the address",
            Frames.ipv4(source: other, destination: ours),
            CGATE_EGRESS_BARE
        ),
        .free(
            "IPv6 to the address",
            Frames.ipv6(source: other6, destination: ours6),
            CGATE_EGRESS_BARE
        ),
        .free(
            "IPv4 from the address",
            Frames.ipv4(source: ours, destination: other),
            CGATE_INGRESS_BARE
        ),
        .free("a short packet that comes in", [0x45, 0], CGATE_INGRESS_BARE),
        .free(
            "what is no IP",
            [0x80] + Frames.ipv4(source: ours, destination: ours).dropFirst(),
            CGATE_EGRESS_BARE
        ),
        Case(
            testDescription: "IPv4 from the address behind a link's header does not leave",
            program: CGATE_EGRESS_BARE,
            frame: linkHeader + Frames.ipv4(source: ours, destination: other),
            isDropped: true,
            slot: Gate.slot
        ),
        Case(
            testDescription: "IPv6 from the address behind a link's header does not leave",
            program: CGATE_EGRESS_BARE,
            frame: linkHeader + Frames.ipv6(source: ours6, destination: other6),
            isDropped: true
        ),
        .free(
            "IPv4 to the address behind a link's header",
            linkHeader + Frames.ipv4(source: other, destination: ours),
            CGATE_EGRESS_BARE
        ),
    ]

    /// As long as the one behind which the kernel has the network header in a trial run. On a link
    /// to many others by GRE it is the outer packet's header and GRE's.
    private static let linkHeader: [UInt8] =
        [0x45, 0, 0, 52, 0, 0, 0, 0, 64, 47, 0, 0, 0, 0]

    // MARK: What is another station's

    static let passage: [Case] = [
        .free(
            "IPv4 to the address, another station's",
            Frames.ethernet(
                0x0800,
                to: Frames.station,
                Frames.ipv4(source: other, destination: ours)
            ),
            CGATE_INGRESS
        ),
        .free(
            "IPv6 to the address behind a tag, another station's",
            Frames.ethernet(
                0x86dd,
                tags: [0x8100],
                to: Frames.station,
                Frames.ipv6(source: other6, destination: ours6)
            ),
            CGATE_INGRESS
        ),
        .leaving(
            "IPv4 from the address to another station",
            Frames.ethernet(
                0x0800,
                to: Frames.station,
                Frames.ipv4(source: ours, destination: other)
            ),
            slot: Gate.slot
        ),
        .leaving(
            "an advertisement of the address to another station",
            Frames.ethernet(
                0x86dd,
                to: Frames.station,
                Frames.ipv6(source: other6, destination: other6, next: 58, claim)
            )
        ),
    ]
}
