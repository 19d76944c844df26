import CGate
import Glibc
import Synchronization

/// One gate of the kernel's: its programs, and the maps that they look into.
///
/// It is made of descriptors alone and outlives whoever made it for as long as it sits anywhere, is
/// pinned, or is in the service manager's store. A group has a *slot* in its arrays; a deadline is
/// set by one store of 64 bits, without a system call.
///
///     load, or find again -> assign slots -> addresses -> attach -> open, close … detach
///
/// Deadlines, slots and counters are used by the lease plane; addresses, programs and hooks by the
/// `GateWorker`. The descriptors are both's.
@safe
package final class Gate: @unchecked Sendable {
    /// Where frames pass.
    package enum Hook: CaseIterable, Sendable, CustomStringConvertible {
        case leaving, arriving

        var shim: cgate_hook { self == .leaving ? CGATE_LEAVING : CGATE_ARRIVING }

        package var description: String { self == .leaving ? "leaving" : "arriving" }
    }

    /// What the kernel has at one hook of one interface.
    package struct HookState: Equatable, Sendable {
        /// There is a gate's program, of whichever gate.
        package var isTaken: Bool
        /// It is this gate's.
        package var isOurs: Bool
        /// Filters and tcx programs that come before it, and may let frames by.
        package var filtersBefore: Int
        package var tcxPrograms: Int
    }

    package struct Drops: Equatable, Sendable {
        package var leaving: UInt64
        package var arriving: UInt64
    }

    /// No group's: there the gate counts what it could not read to its end, and dropped.
    package static let unreadSlot = UInt32(CGATE_UNREAD)
    /// Groups at the same time, those that have left the configuration included.
    package static let mostGroups = Int(CGATE_SLOTS) - 1

    private let state: Mutex<cgate>
    private let deadlines: UnsafeMutablePointer<Atomic<UInt64>>
    private let counters: UnsafeMutablePointer<cgate_drops>
    private let owners: UnsafeMutablePointer<UInt64>

    // MARK: - Made, and found again

    /// Makes a gate with every slot closed and no address. Takes some milliseconds.
    ///
    /// - Throws: why this kernel, or this process, can't; with the verifier's words.
    package static func load() throws(SystemError) -> Gate {
        var gate = cgate()
        try Self.told(loadCall, on: "the gate") { text in
            unsafe cgate_load(&gate, &text, text.count)
        }
        return try Gate(owning: gate)
    }

    /// The gate that these descriptors are, by their names; nil, and they are closed, if they are
    /// not a whole gate that can be used.
    package static func adopting(_ descriptors: [String: Int32]) -> Gate? {
        let numbers = names.map { descriptors[$0] ?? -1 }
        for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        var gate = cgate()
        unsafe withUnsafeMutableBytes(of: &gate.descriptors) { octets in
            for (index, number) in numbers.enumerated() {
                unsafe octets.storeBytes(of: number, toByteOffset: index * 4, as: Int32.self)
            }
        }
        return usable(gate)
    }

    /// The gate that is pinned in this directory.
    package static func pinned(in directory: String) -> Gate? {
        var gate = cgate()
        guard unsafe cgate_open_pins(directory, &gate) == 0 else { return nil }
        return usable(gate)
    }

    /// The gate of which a program sits on this interface; needs CAP_SYS_ADMIN.
    package static func found(on interface: Int32) -> Gate? {
        for hook in Hook.allCases {
            var gate = cgate()
            guard unsafe cgate_find(interface, hook.shim, &gate) == 0 else { continue }
            if let found = usable(gate) { return found }
        }
        return nil
    }

    private static func usable(_ found: cgate) -> Gate? {
        var gate = found
        let verdict = unsafe cgate_inspect(&gate)
        guard verdict >= 0, let usable = try? Gate(owning: gate) else {
            unsafe cgate_close(&gate)
            return nil
        }
        return usable
    }

    private init(owning gate: cgate) throws(SystemError) {
        var gate = gate
        let mapped = unsafe [CGATE_DEADLINES, CGATE_DROPS, CGATE_GROUPS].map { part in
            unsafe cgate_map(&gate, part)
        }
        guard let deadlines = unsafe mapped[0], let drops = unsafe mapped[1],
            let groups = unsafe mapped[2]
        else {
            let code = errno
            unsafe cgate_close(&gate)
            throw SystemError(call: "mmap", on: "the gate", errno: code)
        }
        unsafe self.deadlines = deadlines.assumingMemoryBound(to: Atomic<UInt64>.self)
        unsafe counters = drops.assumingMemoryBound(to: cgate_drops.self)
        unsafe owners = groups.assumingMemoryBound(to: UInt64.self)
        state = Mutex(gate)
    }

    /// The kernel's part stays wherever it sits; what is mapped stays mapped.
    deinit {
        var gate = shim
        unsafe cgate_close(&gate)
    }

    /// Whether its programs are another build's, or missing.
    package var needsPrograms: Bool {
        var gate = shim
        return unsafe cgate_inspect(&gate) == 1
    }

    /// Loads this build's programs onto the same maps, in the place of those that it had. What sits
    /// on interfaces is still the other's, until it is attached anew.
    package func reloadPrograms() throws(SystemError) {
        var gate = shim
        try Self.told("load the programs of", on: "the gate") { text in
            unsafe cgate_reload_programs(&gate, &text, text.count)
        }
        let reloaded = gate
        state.withLock { $0 = reloaded }
    }

    // MARK: - Handed on

    /// What its descriptors are called, whoever keeps them.
    package static let names: [String] = (0..<CGATE_PARTS.rawValue).map { part in
        unsafe String(cString: cgate_name(cgate_part(part)))
    }

    /// By their names; they remain this object's. Programs of a gate that was found by the kernel's
    /// ids are not among them until they are loaded anew.
    package var descriptors: [String: Int32] {
        let numbers = unsafe withUnsafeBytes(of: shim.descriptors) { octets in
            unsafe Array(octets.bindMemory(to: Int32.self))
        }
        return Dictionary(uniqueKeysWithValues: zip(Self.names, numbers)).filter { $0.value >= 0 }
    }

    /// Pins it in a directory of a bpffs, in the place of what is pinned there.
    package func pin(in directory: String) throws(SystemError) {
        var gate = shim
        try SystemCall.check("pin the gate in", on: directory) {
            unsafe cgate_pin(&gate, directory)
        }
    }

    package static func unpin(_ directory: String) {
        _ = unsafe cgate_unpin(directory)
    }

    package static func canPin(in directory: String) -> Bool {
        unsafe cgate_is_bpffs(directory) > 0
    }

    // MARK: - Slots

    /// Nanoseconds of CLOCK_BOOTTIME until which the group answers; 0 is closed.
    package func deadline(of slot: UInt32) -> UInt64 {
        unsafe deadlines[index(slot)].load(ordering: .sequentiallyConsistent)
    }

    /// Lets the group answer until then. Other threads and all interfaces see it at once.
    package func open(_ slot: UInt32, until deadline: UInt64) {
        precondition(slot != Self.unreadSlot, "nobody's slot stays closed")
        unsafe deadlines[index(slot)].store(deadline, ordering: .sequentiallyConsistent)
    }

    package func close(_ slot: UInt32) {
        unsafe deadlines[index(slot)].store(0, ordering: .sequentiallyConsistent)
    }

    /// What it has dropped for the group since the group has the slot.
    package func drops(of slot: UInt32) -> Drops {
        let found = unsafe counters[index(slot)]
        return Drops(leaving: found.leaving, arriving: found.arriving)
    }

    /// Whose the slot is; 0 is nobody's.
    package func group(of slot: UInt32) -> UInt64 { unsafe owners[index(slot)] }

    /// Gives the slot to another group, closed and with its counters at zero; 0 frees it.
    package func assign(_ slot: UInt32, to group: UInt64) {
        precondition(slot != Self.unreadSlot, "nobody's slot stays nobody's")
        close(slot)
        unsafe counters[index(slot)] = cgate_drops()
        unsafe owners[index(slot)] = group
    }

    /// The slots that are some group's, in order.
    package var occupants: [(slot: UInt32, group: UInt64)] {
        (1...UInt32(Self.mostGroups)).map { (slot: $0, group: group(of: $0)) }
            .filter { $0.group != 0 }
    }

    /// Closes every slot but these, which are in order.
    package func closeAll(except open: [UInt32]) {
        var next = 0
        for slot in 1...UInt32(Self.mostGroups) {
            if next < open.count, open[next] == slot { next += 1 } else { close(slot) }
        }
    }

    private func index(_ slot: UInt32) -> Int {
        precondition(slot <= Self.mostGroups, "there is no slot \(slot)")
        return Int(slot)
    }

    // MARK: - Hooks

    /// Puts the program at the hook, or replaces, in one step, the one that is there. Waits for the
    /// kernel's configuration lock.
    ///
    /// - Parameter isBare: the link's frames begin with the IP header.
    package func attach(
        to interface: Int32,
        isBare: Bool,
        _ hook: Hook
    ) throws(SystemError) {
        var gate = shim
        try SystemCall.check(Self.attachCall, on: "interface \(interface), \(hook)") {
            unsafe cgate_attach(&gate, interface, isBare ? 1 : 0, hook.shim)
        }
    }

    /// What the kernel has at the hook now.
    package func state(
        on interface: Int32,
        isBare: Bool,
        _ hook: Hook
    ) throws(SystemError) -> HookState {
        var state = cgate_hook_state()
        var gate = shim
        try SystemCall.check("look for the gate on", on: "interface \(interface), \(hook)") {
            unsafe cgate_hook_state(&gate, interface, isBare ? 1 : 0, hook.shim, &state)
        }
        return HookState(
            isTaken: state.program != 0,
            isOurs: state.is_ours != 0,
            filtersBefore: Int(state.before_us),
            tcxPrograms: Int(state.tcx)
        )
    }

    /// Takes whatever gate there is off the hook. Whether there was one.
    package static func detach(from interface: Int32, _ hook: Hook) throws(SystemError) -> Bool {
        try SystemCall.check("take the gate off", on: "interface \(interface), \(hook)") {
            cgate_detach(interface, hook.shim)
        } == 1
    }

    /// Takes the qdisc off if nobody has a filter there.
    package static func removeQdisc(from interface: Int32) throws(SystemError) {
        try SystemCall.check("take the clsact qdisc off", on: "interface \(interface)") {
            cgate_remove_qdisc(interface)
        }
    }

    // MARK: - C

    /// As they stand in errors, which say what to do.
    static let loadCall = "load"
    static let attachCall = "attach the gate to"

    /// A copy: nobody waits for the kernel while holding what another thread needs.
    var shim: cgate { state.withLock { $0 } }

    /// For the calls that explain themselves: the verifier's or libbpf's last words.
    private static func told(
        _ call: String,
        on subject: String,
        _ body: (inout [CChar]) -> Int32
    ) throws(SystemError) {
        var text = [CChar](repeating: 0, count: 4096)
        let result = body(&text)
        guard result < 0 else { return }
        let words = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        throw SystemError(call: call, on: subject, errno: -result, detail: firstLine(words))
    }

    /// The first of libbpf's lines says what, those behind it how to look further.
    private static func firstLine(_ text: String) -> String? {
        text.split(whereSeparator: \.isNewline).first.map { line in
            line.hasPrefix("libbpf: ") ? String(line.dropFirst(8)) : String(line)
        }
    }
}
