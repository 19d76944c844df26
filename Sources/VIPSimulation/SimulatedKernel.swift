import VIPCore
import VIPHost
import VIPNet

/// An address as one host's kernel has it.
struct HeldAddress {
    var address: InterfaceAddress
    /// In nanoseconds of BOOTTIME: when the kernel takes it off if it is not renewed, and when it
    /// might at the latest. Nil where it stays for good.
    var expiry: Int64?
    var latestExpiry: Int64?
    /// Only the last of its planned expiries counts.
    var serial = 0
}

/// A network interface. Deleted and made anew it has another index, and no addresses; moved to
/// another namespace and back, no addresses.
struct SimulatedLink {
    let name: String
    var index: Int32
    var isThere = true
    /// In another network namespace, and not deleted.
    var isElsewhere = false
    /// What it is called for a while.
    var alias: String?

    init(path: Int) {
        name = Self.name(path)
        index = Int32(2 + path)
    }

    static func name(_ path: Int) -> String { "eth\(path)" }
}

/// What a host's kernel keeps and does, but for its clocks: until it loses power.
struct SimulatedKernel {
    /// What a process has asked for. It is done in order, also after the death of the process,
    /// which can't be killed while it waits for the kernel's lock.
    struct Work {
        let life: Int
        let id: UInt64
        let request: AddressRequest
        /// It refuses, for whatever reason.
        let fails: Bool
    }

    /// By group.
    var held: [[HeldAddress]]
    /// By path.
    var links: [SimulatedLink]
    var work: [Work] = []
    /// When it is done with what it was asked for.
    var busyUntil: TrueTime = 0
    var serial = 0
    private var nextIndex: Int32 = 100

    init(_ scenario: Scenario) {
        held = Array(repeating: [], count: scenario.groups)
        links = (0..<scenario.paths).map(SimulatedLink.init)
    }

    /// A group has an address of each family.
    static func addresses(of group: Int) -> [FloatingAddress] {
        [
            FloatingAddress(address: .v4(0x0A00_0064 + UInt32(group)), prefixLength: 32),
            FloatingAddress(
                address: .v6(high: 0xFD00_0000_0000_0000, low: 0x64 + UInt64(group)),
                prefixLength: 128
            ),
        ]
    }

    static func group(of address: IPAddress) -> Int {
        switch address {
        case .v4(let bits): Int(bits & 0xFFFF) - 0x64
        case .v6(_, let low): Int(low) - 0x64
        }
    }

    /// It has another index, unless it has only been away.
    mutating func restore(_ path: Int) {
        links[path].isThere = true
        if links[path].isElsewhere {
            links[path].isElsewhere = false
            return
        }
        links[path].index = nextIndex
        nextIndex += 1
    }

    /// Adds an address, or renews it. Of IPv6 an interface has each once, and keeps its shape.
    ///
    /// - Returns: as it is by now; nil where there is no such interface.
    mutating func add(
        _ address: InterfaceAddress,
        expiry: (at: Int64, latest: Int64)?
    ) -> HeldAddress? {
        guard links.contains(where: { $0.isThere && $0.index == address.interface }) else {
            return nil
        }
        let group = Self.group(of: address.address)
        serial += 1
        var new = HeldAddress(
            address: address,
            expiry: expiry?.at,
            latestExpiry: expiry?.latest,
            serial: serial
        )
        let same = held[group].firstIndex { old in
            old.address.key == address.key
                || address.address.isIPv6 && old.address.address == address.address
                    && old.address.interface == address.interface
        }
        guard let same else {
            held[group].append(new)
            return new
        }
        new.address.prefixLength = held[group][same].address.prefixLength
        held[group][same] = new
        return new
    }

    /// - Returns: Whether it was there, in that shape.
    mutating func remove(_ address: InterfaceAddress) -> Bool {
        let group = Self.group(of: address.address)
        let found = held[group].firstIndex { $0.address.key == address.key }
        guard let found else { return false }
        held[group].remove(at: found)
        return true
    }
}
