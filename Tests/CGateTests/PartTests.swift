import CGate
import CNetlink
import Foundation
import Testing
import VIPTestSupport

/// Programs and maps: made, known again, kept in a bpffs.
@Suite("The parts of a gate", .enabled(if: isRoot, "programs take root"))
struct PartTests {
    static func descriptorCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    @Test("have names for pins and the service manager")
    func names() {
        let names = (0..<CGATE_PARTS.rawValue).map {
            unsafe String(cString: cgate_name(cgate_part(rawValue: $0)))
        }
        #expect(
            names == [
                "gate-egress", "gate-ingress", "gate-egress-bare", "gate-ingress-bare",
                "gate-deadlines", "gate-drops", "gate-groups", "gate-ipv4", "gate-ipv6",
            ]
        )
    }

    @Test("are inspected: whole and ours, of another build, or nothing that can be used")
    func inspected() throws {
        let gate = try Gate()
        let other = try Gate()
        #expect(gate.inspect { _ in } == 0)
        // A program that feeds on other maps.
        #expect(gate.inspect { $0[0] = other.descriptor(CGATE_EGRESS) } == -EPROTO)
        // Parts that changed places.
        #expect(gate.inspect { $0.swapAt(0, 1) } == -EPROTO)
        #expect(gate.inspect { $0.swapAt(4, 6) } == -EPROTO)
        #expect(gate.inspect { $0.swapAt(7, 8) } == -EPROTO)
        // A program that is missing can be made anew; a map can't.
        #expect(gate.inspect { $0[2] = -1 } == 1)
        #expect(gate.inspect { $0[5] = -1 } == -EPROTO)
        // A map of another gate, a file.
        #expect(gate.inspect { $0[4] = other.descriptor(CGATE_DEADLINES) } == -EPROTO)
        #expect(gate.inspect { $0[6] = 0 } == -EPROTO)
    }

    @Test("of another build are told by their program's name, and replaced")
    func otherBuild() throws {
        let gate = try Gate()
        // Returns -1. libbpf's functions, for which there is no module here.
        let instructions: [UInt8] = [
            0xb7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x95, 0, 0, 0, 0, 0, 0, 0,
        ]
        typealias Load =
            @convention(c) (
                UInt32, UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<UInt8>, Int,
                UnsafeRawPointer?
            ) -> Int32
        typealias Bind = @convention(c) (Int32, Int32, UnsafeRawPointer?) -> Int32
        let load = unsafe unsafeBitCast(try #require(dlsym(nil, "bpf_prog_load")), to: Load.self)
        let bind = unsafe unsafeBitCast(
            try #require(dlsym(nil, "bpf_prog_bind_map")),
            to: Bind.self
        )
        let classifier: UInt32 = 3
        let program = unsafe load(
            classifier,
            "gate_el_fffffff",
            "Apache-2.0",
            instructions,
            2,
            nil
        )
        try #require(program >= 0)
        // Without our maps it is no program of a gate, whatever it is called.
        #expect(gate.inspect { $0[0] = program } == -EPROTO)
        #expect(bind(program, gate.descriptor(CGATE_GROUPS), nil) == 0)
        #expect(gate.inspect { $0[0] = program } == 1)
        gate.replace(CGATE_EGRESS, by: program)
        let claim = Frames.ethernet(
            0x0806,
            Frames.arp(sender: Frames.floating, target: Frames.other)
        )
        #expect(try gate.run(CGATE_EGRESS, claim) == .passes)
        #expect(gate.reload() == 0)
        #expect(gate.inspect { _ in } == 0)
        #expect(try gate.run(CGATE_EGRESS, claim) == .drops)
    }

    @Test("are loaded anew onto maps that stay what they are")
    func reloaded() throws {
        let gate = try Gate()
        gate.open()
        let before = try Self.descriptorCount()
        let old = gate.descriptors
        #expect(gate.reload() == 0)
        #expect(try Self.descriptorCount() == before)
        #expect(gate.inspect { _ in } == 0)
        // The maps have the descriptors that they had.
        #expect(Array(gate.descriptors.dropFirst(4)) == Array(old.dropFirst(4)))
        let claim = Frames.ethernet(
            0x0806,
            Frames.arp(sender: Frames.floating, target: Frames.other)
        )
        #expect(try gate.run(CGATE_EGRESS, claim) == .passes)
        gate.close()
        #expect(try gate.run(CGATE_EGRESS, claim) == .drops)
        #expect(gate.dropped(Gate.slot).leaving == 1)
    }

    @Test(
        "are loaded by a process with CAP_BPF and CAP_NET_ADMIN alone, for which the kernel is stricter"
    )
    func capabilities() throws {
        // glibc's function, for which there is no module here.
        typealias Set = @convention(c) (UnsafeRawPointer, UnsafeRawPointer) -> Int32
        let set = unsafe unsafeBitCast(try #require(dlsym(nil, "capset")), to: Set.self)
        // In a thread of its own, which ends with it.
        try inNetworkNamespace {
            let version3: [UInt32] = [0x2008_0522, 0]
            let (netAdmin, bpf): (UInt32, UInt32) = (1 << 12, 1 << (39 - 32))
            // Effective, permitted, inheritable; the low halves first.
            let wanted: [UInt32] = [netAdmin, netAdmin, 0, bpf, bpf, 0]
            #expect(unsafe set(version3, wanted) == 0)
            _ = try Gate()
        }
    }

    @Test("have a signature of their own, which stays when programs are loaded anew")
    func signature() throws {
        let gate = try Gate()
        let signature = try gate.signature()
        #expect(signature != 0)
        #expect(try Gate().signature() != signature)
        #expect(gate.reload() == 0)
        #expect(try gate.signature() == signature)
    }

    @Test("hold as many addresses as promised, list them, and give them up")
    func addresses() throws {
        let gate = try Gate()
        for number in 0..<Int(CGATE_ADDRESSES) - 1 {
            let low = Frames.big(number)
            try gate.put([10, 1] + low, in: 1 + UInt32(number % 4095))
            try gate.put([0xfd] + .init(repeating: 0, count: 13) + low, in: 7)
        }
        #expect(throws: Gate.Failure.self) { try gate.put([10, 9, 9, 9], in: 1) }
        // Put again, an address moves to the slot.
        try gate.put([10, 1, 0, 5], in: 99)
        #expect(gate.slot(of: [10, 1, 0, 5]) == 99)
        #expect(gate.addresses().count == 2 * Int(CGATE_ADDRESSES))
        #expect(gate.take(Frames.floating6) == 0)
        #expect(gate.take(Frames.floating6) == -ENOENT)
        #expect(gate.slot(of: Frames.floating6) == nil)
        #expect(gate.addresses().count == 2 * Int(CGATE_ADDRESSES) - 1)
        // Each is taken out while it is shown.
        #expect(gate.addresses(takingOut: true).count == 2 * Int(CGATE_ADDRESSES) - 1)
        #expect(gate.addresses() == [])
    }

    @Test("take many addresses at once, and those that come after one that is refused")
    func addressesAtOnce() throws {
        let gate = try Gate()
        let many = (0..<Int(CGATE_ADDRESSES) - 1).map { [10, 1] + Frames.big($0) }
        let slots = many.indices.map { 1 + UInt32($0 % 4095) }
        #expect(gate.put(many, in: slots) == 0)
        #expect(gate.slot(of: [10, 1, 0, 5]) == 6)
        #expect(gate.slot(of: many[many.count - 1]) == slots[many.count - 1])
        // The map is full from then on; one that it has moves all the same.
        let last: [[UInt8]] = [[10, 9, 9, 1], [10, 1, 0, 5]]
        #expect(gate.put(last, in: [1, 99]) == -E2BIG)
        #expect(gate.slot(of: [10, 9, 9, 1]) == nil)
        #expect(gate.slot(of: [10, 1, 0, 5]) == 99)
        let six = (1...3).map { [0xfd] + .init(repeating: 0, count: 14) + [UInt8($0)] }
        #expect(gate.put(six, in: [3, 4, 5]) == 0)
        #expect(six.map { gate.slot(of: $0) } == [3, 4, 5])
        #expect(gate.put(six, in: [3, UInt32(CGATE_UNREAD), 5]) == -EINVAL)
    }

    @Test("refuse slots that no group can have")
    func slots() throws {
        let gate = try Gate()
        for slot in [UInt32(CGATE_UNREAD), UInt32(CGATE_SLOTS), .max] {
            #expect(throws: Gate.Failure.self) { try gate.put([10, 1, 1, 1], in: slot) }
        }
        #expect(gate.slot(of: [10, 1, 1, 1]) == nil)
    }

    @Test("are kept in a bpffs, and opened there as the same gate")
    func pinned() throws {
        let scratch = ScratchDirectory()
        let folder = scratch.path
        #expect(unsafe cgate_is_bpffs(folder) == 0)
        #expect(unsafe cgate_is_bpffs(folder + "/none") == -ENOENT)
        try #require(run("mount", "-t", "bpf", "bpf", folder) == 0)
        defer { run("umount", folder) }
        #expect(unsafe cgate_is_bpffs(folder) == 1)

        var parts = cgate()
        #expect(unsafe cgate_open_pins(folder, &parts) == -ENOENT)
        let descriptors = try Self.descriptorCount()
        do {
            let other = try Gate()
            #expect(other.pin(folder) == 0)
            // Pinned over it, a gate replaces the one before.
            let gate = try Gate()
            #expect(gate.pin(folder) == 0)
            gate.set(Gate.slot, deadline: 4711)
        }
        #expect(try Self.descriptorCount() == descriptors)
        #expect(unsafe cgate_open_pins(folder, &parts) == 0)
        #expect(unsafe cgate_inspect(&parts) == 0)
        let gate = try Gate(parts)
        #expect(gate.deadline(Gate.slot) == 4711)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 9 + 2)

        #expect(run("rm", "\(folder)/gate-ipv4") == 0)
        #expect(unsafe cgate_open_pins(folder, &parts) == -ENOENT)
        #expect(unsafe cgate_unpin(folder) == 0)
        #expect(unsafe cgate_unpin(folder) == 0)
        #expect(unsafe cgate_open_pins(folder, &parts) == -ENOENT)
        #expect(gate.pin("/tmp") == -EPERM)
    }

    @Test("are closed with the gate, and none is left open by a failure")
    func descriptors() throws {
        let before = try Self.descriptorCount()
        for _ in 0..<20 { _ = try Gate() }
        #expect(try Self.descriptorCount() == before)
    }
}
