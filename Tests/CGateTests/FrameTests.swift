import CGate
import Testing
import VIPTestSupport

/// Every rule of the gate by itself: with its deadline ahead, passed, and never set.
@Suite("A frame", .enabled(if: isRoot, "programs take root"))
struct FrameTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let program: cgate_part
        let frame: [UInt8]
        /// Whether it is dropped once the deadlines have passed.
        let isDropped: Bool
        /// Where that is counted.
        var slot = Gate.slot6

        static func leaving(_ what: String, _ frame: [UInt8], slot: UInt32 = Gate.slot6) -> Case {
            Case(
                testDescription: "\(what) does not leave",
                program: CGATE_EGRESS,
                frame: frame,
                isDropped: true,
                slot: slot
            )
        }

        static func arriving(_ what: String, _ frame: [UInt8], slot: UInt32 = Gate.slot6) -> Case {
            Case(
                testDescription: "\(what) does not come in",
                program: CGATE_INGRESS,
                frame: frame,
                isDropped: true,
                slot: slot
            )
        }

        static func free(
            _ what: String,
            _ frame: [UInt8],
            _ program: cgate_part = CGATE_EGRESS
        ) -> Case {
            Case(
                testDescription: "\(what) passes",
                program: program,
                frame: frame,
                isDropped: false
            )
        }
    }

    private static func expectDrops(_ gate: Gate, _ each: Case, _ when: Comment) throws {
        let before = gate.dropped(each.slot)
        #expect(try gate.run(each.program, each.frame) == .drops, when)
        let after = gate.dropped(each.slot)
        let leaves = each.program == CGATE_EGRESS || each.program == CGATE_EGRESS_BARE
        #expect(after.leaving == before.leaving + (leaves ? 1 : 0), when)
        #expect(after.arriving == before.arriving + (leaves ? 0 : 1), when)
    }

    @Test("is judged by what it says of the address", arguments: FrameTable.all)
    func judged(each: Case) throws {
        let gate = try Gate()
        gate.open()
        #expect(try gate.run(each.program, each.frame) == .passes, "far from the deadline")

        gate.close()
        guard each.isDropped else {
            #expect(try gate.run(each.program, each.frame) == .passes, "closed")
            return
        }
        try Self.expectDrops(gate, each, "closed")

        gate.open()
        for slot in [Gate.slot, Gate.slot6] { gate.set(slot, deadline: Gate.now) }
        try Self.expectDrops(gate, each, "the deadline is just over")
    }

    @Test("passes up to the deadline, and is dropped from it on, without anybody's doing")
    func deadline() throws {
        let gate = try Gate()
        let frame = Frames.ethernet(
            0x0806,
            Frames.arp(sender: Frames.floating, target: Frames.other)
        )
        let deadline = Gate.now + 50_000_000
        gate.set(Gate.slot, deadline: deadline)
        var verdicts: Set<String> = []
        while true {
            let before = Gate.now
            let verdict = try gate.run(CGATE_EGRESS, frame)
            let after = Gate.now
            verdicts.insert("\(verdict)")
            if after < deadline { #expect(verdict == .passes) }
            if before >= deadline { #expect(verdict == .drops) }
            if before >= deadline + 5_000_000 { break }
        }
        #expect(verdicts == ["passes", "drops"])
    }

    @Test("of one group is not judged by another group's deadline")
    func groups() throws {
        let gate = try Gate()
        let first = Frames.ethernet(
            0x0806,
            Frames.arp(sender: Frames.floating, target: Frames.other)
        )
        let second = Frames.ethernet(
            0x0806,
            Frames.arp(sender: [10, 77, 0, 101], target: Frames.other)
        )
        try gate.put([10, 77, 0, 101], in: 4095)
        gate.set(Gate.slot, deadline: .max)
        #expect(try gate.run(CGATE_EGRESS, first) == .passes)
        #expect(try gate.run(CGATE_EGRESS, second) == .drops)
        #expect(gate.dropped(4095).leaving == 1)
        gate.set(4095, deadline: .max)
        gate.set(Gate.slot, deadline: 0)
        #expect(try gate.run(CGATE_EGRESS, first) == .drops)
        #expect(try gate.run(CGATE_EGRESS, second) == .passes)
    }

    @Test("that can't be read is let by when no deadline of its family has passed")
    func families() throws {
        let gate = try Gate()
        let cut = Frames.ethernet(0x86dd, tags: [0x8100], [0x60, 0, 0, 0])
        let cut4 = Frames.ethernet(0x0800, tags: [0x8100], [0x45, 0, 0, 0])
        gate.open()
        gate.set(Gate.slot, deadline: 0)
        #expect(try gate.run(CGATE_EGRESS, cut) == .passes)
        #expect(try gate.run(CGATE_EGRESS, cut4) == .drops)
        gate.open()
        gate.set(Gate.slot6, deadline: 0)
        #expect(try gate.run(CGATE_EGRESS, cut) == .drops)
        #expect(try gate.run(CGATE_EGRESS, cut4) == .passes)
    }

    @Test("passes a gate that has no address, whatever it is")
    func empty() throws {
        var parts = cgate()
        try Gate.check("cgate_load", unsafe cgate_load(&parts, nil, 0))
        let gate = try Gate(parts)
        for each in FrameTable.all {
            #expect(try gate.run(each.program, each.frame) == .passes)
        }
    }
}
