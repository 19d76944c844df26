import VIPNet

/// A group as far as it could be read.
struct GroupDraft {
    static let keys = [
        "name", "interface", "addresses", "prefer", "failback", "failback_delay", "enforcement",
        "checks",
    ]

    var header: SourceRange?
    var name: Located<String>?
    var interface: String?
    var addresses: [Located<FloatingAddress>] = []
    var prefer: Located<String>?
    var failback = Located<FailbackPolicy>(value: .manual, range: nil)
    var failbackDelay = Duration.seconds(30)
    var enforcement = EnforcementPolicy.kernel
    var checks: [Located<String>] = []

    init(_ section: Section, into report: inout Report) {
        header = section.header
        name = section.name(example: "web", into: &report)
        interface = Self.interface(of: section, into: &report)
        prefer = section.string("prefer", into: &report)
        failback = section.choice("failback", into: &report) ?? failback
        failbackDelay =
            section.duration(
                "failback_delay",
                in: ConfigurationBounds.failbackDelay,
                into: &report
            )?.value ?? failbackDelay
        enforcement = section.choice("enforcement", into: &report)?.value ?? enforcement
        checks = section.strings("checks", into: &report) ?? []

        guard section.node("addresses") != nil else {
            section.missing("addresses", example: "[\"10.77.0.100\"]", into: &report)
            return
        }
        guard let texts = section.strings("addresses", into: &report) else { return }
        if texts.isEmpty {
            report.error(
                "'addresses' is empty",
                at: section.node("addresses")?.range,
                help: "a group has one floating address at least"
            )
        }
        addresses = texts.compactMap { Self.floatingAddress($0, into: &report) }
    }

    var group: Group? {
        guard let name, let interface else { return nil }
        return Group(
            name: name.value,
            interface: interface,
            addresses: addresses.map(\.value),
            prefer: prefer?.value,
            failback: failback.value,
            failbackDelay: failbackDelay,
            enforcement: enforcement,
            checks: checks.map(\.value)
        )
    }

    private static func interface(of section: Section, into report: inout Report) -> String? {
        guard
            let name = section.requiredString("interface", example: "eth0", into: &report)
        else { return nil }
        // The kernel's rule (dev_valid_name), and no control characters in our log.
        let isOrdinary = name.value.utf8.allSatisfy { octet in
            octet > UInt8(ascii: " ") && octet != UInt8(ascii: "/") && octet != UInt8(ascii: ":")
                && octet != 0x7f
        }
        let isAllowed =
            isOrdinary && ConfigurationBounds.interfaceOctets.contains(name.value.utf8.count)
            && name.value != "." && name.value != ".."
        guard isAllowed else {
            report.error(
                "\(name.value.quoted) is not the name of an interface",
                at: name.range,
                help: "names of interfaces are 1 to 127 characters without spaces, '/' and ':';"
                    + " `ip link` lists them"
            )
            return nil
        }
        guard name.value != "lo" else {
            report.error(
                "'lo' is the loopback interface, where nobody asks for an address",
                at: name.range,
                help: "name the interface that the clients are on; `ip link` lists them"
            )
            return nil
        }
        return name.value
    }

    private static func floatingAddress(
        _ text: Located<String>,
        into report: inout Report
    ) -> Located<FloatingAddress>? {
        let slash = text.value.firstIndex(of: "/") ?? text.value.endIndex
        guard let address = IPAddress(parsing: String(text.value[..<slash])) else {
            report.error(
                "\(text.value.quoted) is not an address",
                at: text.range,
                help: "write 10.77.0.100 or fd77::64; they are installed as /32 and /128"
            )
            return nil
        }
        guard isFit(address, at: text.range, into: &report) else { return nil }
        guard slash != text.value.endIndex else {
            return Located(
                value: FloatingAddress(address: address, prefixLength: address.bitWidth),
                range: text.range
            )
        }

        let digits = text.value[slash...].dropFirst()
        let onlyDigits = digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }
        guard onlyDigits, let length = Int(digits), (1...address.bitWidth).contains(length) else {
            report.error(
                "\(text.value.quoted) has a prefix length that is not 1 to \(address.bitWidth)",
                at: text.range,
                help: "write \(address) alone, and it is installed as /\(address.bitWidth)"
            )
            return nil
        }
        if !address.isIPv6, length < address.bitWidth {
            report.warn(
                "\(text.value.quoted) is installed as /\(length)",
                at: text.range,
                help: "the host's own address of that subnet can go when this one does"
                    + " (promote_secondaries); write \(address)"
            )
        }
        return Located(
            value: FloatingAddress(address: address, prefixLength: length),
            range: text.range
        )
    }

    private static func isFit(
        _ address: IPAddress,
        at range: SourceRange?,
        into report: inout Report
    ) -> Bool {
        let flaw: String
        switch address.scope {
        case .ordinary: return true
        case .unspecified: flaw = "unspecified"
        case .loopback: flaw = "a loopback address"
        case .multicast: flaw = "a multicast address"
        case .broadcast: flaw = "the broadcast address"
        // The gate knows addresses and not interfaces; a link-local one means another thing on
        // each.
        case .linkLocalIPv6: flaw = "link-local"
        case .mappedIPv4: flaw = "an IPv4 address written as IPv6"
        }
        report.error(
            "\(address) is \(flaw), which cannot float",
            at: range,
            help: "write an address that clients can reach, such as 10.77.0.100 or fd77::64"
        )
        return false
    }
}
