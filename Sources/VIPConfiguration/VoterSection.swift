import VIPNet

/// A voter as far as it could be read.
struct VoterDraft {
    enum Kind: String {
        case node
        case witness
    }

    static let keys = ["name", "addresses"]

    var kind: Kind
    var header: SourceRange?
    var name: Located<String>?
    /// By path; nil where an address could not be read.
    var addresses: [Located<Endpoint?>] = []

    init(_ section: Section, kind: Kind, into report: inout Report) {
        self.kind = kind
        header = section.header
        name = section.name(example: kind == .node ? "lb1" : "w1", into: &report)

        guard section.node("addresses") != nil else {
            section.missing("addresses", example: "[\"10.77.0.1\"]", into: &report)
            return
        }
        guard let texts = section.strings("addresses", into: &report) else { return }
        let most = ConfigurationBounds.pathsPerVoter
        if texts.isEmpty {
            report.error(
                "'addresses' is empty",
                at: section.node("addresses")?.range,
                help: "a voter needs one address at least; with one per network it has several"
                    + " paths"
            )
        }
        if texts.count > most {
            report.error(
                "a voter has \(texts.count) addresses, but the most allowed is \(most)",
                at: texts[most].range,
                help: "every frame is sent over every path"
            )
        }
        for text in texts.prefix(most) {
            addresses.append(
                Located(value: Self.endpoint(text, into: &report), range: text.range)
            )
        }
    }

    var voter: Voter? {
        let endpoints = addresses.compactMap(\.value)
        guard let name, endpoints.count == addresses.count else { return nil }
        return Voter(name: name.value, addresses: endpoints)
    }

    private static func endpoint(
        _ text: Located<String>,
        into report: inout Report
    ) -> Endpoint? {
        guard let endpoint = Endpoint(parsing: text.value) else {
            report.error(
                "\(text.value.quoted) is not the address of a voter",
                at: text.range,
                help: "write 10.0.0.1, 10.0.0.1:7000, fd00::1 or [fd00::1]:7000; names are not"
                    + " looked up"
            )
            return nil
        }
        let flaw: String
        switch endpoint.address.scope {
        case .ordinary:
            return endpoint
        case .loopback:
            report.warn(
                "\(endpoint.address) is a loopback address",
                at: text.range,
                help: "only processes of the same host can reach it"
            )
            return endpoint
        case .unspecified: flaw = "unspecified"
        case .multicast: flaw = "a multicast address"
        case .broadcast: flaw = "the broadcast address"
        case .linkLocalIPv6: flaw = "link-local"
        case .mappedIPv4: flaw = "an IPv4 address written as IPv6"
        }
        report.error(
            "\(endpoint.address) is \(flaw), which no voter can be reached at",
            at: text.range,
            help: "write an address that belongs to one interface of the voter, such as 10.77.0.1"
                + " or fd77::1"
        )
        return nil
    }
}
