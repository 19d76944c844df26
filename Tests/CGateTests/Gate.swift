import CGate
import CNetlink
import Glibc
import Testing

/// A gate of its own for one test. It sits nowhere until it is attached.
@safe final class Gate {
    /// What the programs say of a frame.
    enum Verdict: Equatable {
        /// Asks whatever filter comes behind (TC_ACT_UNSPEC).
        case passes
        /// TC_ACT_SHOT.
        case drops
        case other(UInt32)

        init(_ code: UInt32) {
            switch code {
            case .max: self = .passes
            case 2: self = .drops
            default: self = .other(code)
            }
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32

        var description: String { unsafe "\(call): \(String(cString: strerror(-code)))" }
    }

    /// Slots of the addresses that every gate here has.
    static let slot: UInt32 = 1
    static let slot6: UInt32 = 2

    private(set) var parts = cgate()
    private let deadlines: UnsafeMutablePointer<UInt64>
    private let drops: UnsafeMutablePointer<cgate_drops>

    /// A gate with `Frames.floating` in slot 1 and `Frames.floating6` in slot 2, both closed.
    convenience init() throws {
        var made = cgate()
        var text = [CChar](repeating: 0, count: 65536)
        let result = unsafe cgate_load(&made, &text, text.count)
        guard result == 0 else {
            let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            throw Failure(call: "cgate_load: \(words)", code: result)
        }
        try self.init(made)
        try put(Frames.floating, in: Self.slot)
        try put(Frames.floating6, in: Self.slot6)
    }

    /// Takes over what was loaded, inherited or found.
    init(_ made: cgate) throws {
        var made = made
        guard let deadlines = unsafe cgate_map(&made, CGATE_DEADLINES),
            let drops = unsafe cgate_map(&made, CGATE_DROPS)
        else {
            let failure = Failure(call: "cgate_map", code: -errno)
            unsafe cgate_close(&made)
            throw failure
        }
        parts = made
        unsafe self.deadlines = deadlines.assumingMemoryBound(to: UInt64.self)
        unsafe self.drops = drops.assumingMemoryBound(to: cgate_drops.self)
    }

    deinit {
        unsafe cgate_close(&parts)
        // As many octets as the maps have, which are whole pages.
        unsafe munmap(deadlines, Int(CGATE_SLOTS) * 8)
        unsafe munmap(drops, Int(CGATE_SLOTS) * 16)
    }

    static func check(_ call: String, _ result: Int32) throws {
        guard result == 0 else { throw Failure(call: call, code: result) }
    }

    static func family(_ address: [UInt8]) -> Int32 { address.count == 4 ? AF_INET : AF_INET6 }

    func put(_ address: [UInt8], in slot: UInt32) throws {
        let family = Self.family(address)
        try Self.check(
            "cgate_put_address",
            unsafe cgate_put_address(&parts, family, address, slot)
        )
    }

    /// Many of one family at once; 0, or the first refusal.
    func put(_ addresses: [[UInt8]], in slots: [UInt32]) -> Int32 {
        let family = Self.family(addresses[0])
        let count = UInt32(addresses.count)
        return unsafe cgate_put_addresses(&parts, family, addresses.flatMap(\.self), slots, count)
    }

    /// Nanoseconds of CLOCK_BOOTTIME.
    static var now: UInt64 { UInt64(vip_clock_nanoseconds(CLOCK_BOOTTIME)) }

    func set(_ slot: UInt32, deadline: UInt64) { unsafe deadlines[Int(slot)] = deadline }

    /// Of a deadline that is nowhere near now.
    func isPassed(_ slot: UInt32) -> Bool { unsafe deadlines[Int(slot)] != .max }

    func open() {
        set(Self.slot, deadline: .max)
        set(Self.slot6, deadline: .max)
    }

    func close() {
        set(Self.slot, deadline: 0)
        set(Self.slot6, deadline: 0)
    }

    /// By chance, so that it takes no other gate's notes for its own.
    func signature() throws -> UInt64 {
        let groups = unsafe try #require(cgate_map(&parts, CGATE_GROUPS))
        defer { unsafe munmap(groups, Int(CGATE_SLOTS) * 8) }
        return unsafe groups.load(as: UInt64.self)
    }

    func dropped(_ slot: UInt32) -> cgate_drops { unsafe drops[Int(slot)] }

    func run(_ program: cgate_part, _ frame: [UInt8]) throws -> Verdict {
        try measure(program, frame, repeating: 1).verdict
    }

    func measure(
        _ program: cgate_part,
        _ frame: [UInt8],
        repeating count: UInt32
    ) throws -> (verdict: Verdict, nanoseconds: UInt32) {
        var verdict: UInt32 = 0
        var nanoseconds: UInt32 = 0
        try Self.check(
            "cgate_run",
            unsafe cgate_run(
                &parts,
                program,
                frame,
                frame.count,
                count,
                &verdict,
                &nanoseconds
            )
        )
        return (Verdict(verdict), nanoseconds)
    }

    func attach(_ interface: Int32, isBare: Bool = false) throws {
        for hook in [CGATE_LEAVING, CGATE_ARRIVING] {
            try Self.check(
                "cgate_attach",
                unsafe cgate_attach(&parts, interface, isBare ? 1 : 0, hook)
            )
        }
    }

    func attach(_ interface: Int32, at hook: cgate_hook) -> Int32 {
        unsafe cgate_attach(&parts, interface, 0, hook)
    }

    func state(_ interface: Int32, _ hook: cgate_hook, isBare: Bool = false) throws
        -> cgate_hook_state
    {
        var state = cgate_hook_state()
        try Self.check(
            "cgate_hook_state",
            unsafe cgate_hook_state(&parts, interface, isBare ? 1 : 0, hook, &state)
        )
        return state
    }

    // MARK: Parts

    var descriptors: [Int32] {
        unsafe withUnsafeBytes(of: &parts) { unsafe Array($0.bindMemory(to: Int32.self)) }
    }

    func descriptor(_ part: cgate_part) -> Int32 { descriptors[Int(part.rawValue)] }

    /// What `cgate_inspect` says of these descriptors after a change to a copy of them.
    func inspect(_ change: (inout [Int32]) -> Void) -> Int32 {
        var changed = descriptors
        change(&changed)
        var copy = cgate()
        unsafe withUnsafeMutableBytes(of: &copy) { bytes in
            unsafe changed.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
        }
        return unsafe cgate_inspect(&copy)
    }

    /// Gives the gate another program, which it closes in the end.
    func replace(_ part: cgate_part, by descriptor: Int32) {
        Glibc.close(self.descriptor(part))
        unsafe withUnsafeMutableBytes(of: &parts) { bytes in
            unsafe bytes.bindMemory(to: Int32.self)[Int(part.rawValue)] = descriptor
        }
    }

    func reload() -> Int32 { unsafe cgate_reload_programs(&parts, nil, 0) }

    func pin(_ directory: String) -> Int32 { unsafe cgate_pin(&parts, directory) }

    func deadline(_ slot: UInt32) -> UInt64 { unsafe deadlines[Int(slot)] }

    // MARK: Addresses

    func slot(of address: [UInt8]) -> UInt32? {
        var slot: UInt32 = 0
        let family = Self.family(address)
        return unsafe cgate_find_address(&parts, family, address, &slot) == 0 ? slot : nil
    }

    func take(_ address: [UInt8]) -> Int32 {
        unsafe cgate_take_address(&parts, Self.family(address), address)
    }

    private final class Visit {
        let gate: Gate
        let takesOut: Bool
        var found: [[UInt8]] = []

        init(_ gate: Gate, takesOut: Bool) {
            self.gate = gate
            self.takesOut = takesOut
        }
    }

    /// All addresses that the gate has.
    func addresses(takingOut: Bool = false) -> [[UInt8]] {
        let visit = Visit(self, takesOut: takingOut)
        var copy = parts
        let result = unsafe cgate_visit_addresses(
            &copy,
            { family, address, _, context in
                let visit = unsafe Unmanaged<Visit>.fromOpaque(context!).takeUnretainedValue()
                let count = family == AF_INET ? 4 : 16
                let octets = unsafe Array(UnsafeRawBufferPointer(start: address, count: count))
                visit.found.append(octets)
                return visit.takesOut ? visit.gate.take(octets) : 0
            },
            Unmanaged.passUnretained(visit).toOpaque()
        )
        precondition(result == 0, "the visit failed: \(result)")
        return visit.found
    }
}
