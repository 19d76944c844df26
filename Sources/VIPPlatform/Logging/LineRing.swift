import Synchronization

/// A bounded queue of text lines between threads: putting one in neither waits nor allocates, and
/// when there is no room the line is dropped and counted.
///
/// After Dmitry Vyukov's bounded queue: every slot has a turn. A writer owns the slot whose turn
/// is its ticket, and passes it to the reader by raising the turn by one; the reader passes it back
/// a whole round later.
@safe
package final class LineRing: @unchecked Sendable {
    /// Octets of one line; what is longer is cut, and ends with an ellipsis.
    package static let longestLine = 1016

    private static let slotSize = 1024

    private let mask: Int
    private let turns: UnsafeMutablePointer<Atomic<Int>>
    private let slots: UnsafeMutableRawPointer
    private let tail = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    /// Only the reader touches it.
    private var head = 0

    /// - Parameter slots: lines that fit, a power of two.
    package init(slots count: Int) {
        precondition(count > 1 && count & (count - 1) == 0, "\(count) is no power of two")
        mask = count - 1
        unsafe turns = .allocate(capacity: count)
        for index in 0..<count { unsafe (turns + index).initialize(to: Atomic(index)) }
        unsafe slots = .allocate(byteCount: count * Self.slotSize, alignment: 8)
        // Touched now, so that no line meets a page fault.
        unsafe slots.initializeMemory(as: UInt8.self, repeating: 0, count: count * Self.slotSize)
    }

    deinit {
        for index in 0...mask { unsafe (turns + index).deinitialize(count: 1) }
        unsafe turns.deallocate()
        unsafe slots.deallocate()
    }

    /// For any thread. False when the line was dropped.
    @discardableResult
    package func put(_ line: Span<UInt8>) -> Bool {
        var ticket = tail.load(ordering: .relaxed)
        while true {
            let turn = unsafe turns[ticket & mask].load(ordering: .acquiring)
            if turn < ticket {
                dropped.add(1, ordering: .relaxed)
                return false
            }
            if turn > ticket {
                ticket = tail.load(ordering: .relaxed)
                continue
            }
            let (won, current) = tail.weakCompareExchange(
                expected: ticket,
                desired: ticket + 1,
                ordering: .relaxed
            )
            if won { break }
            ticket = current
        }
        unsafe fill(slots + (ticket & mask) * Self.slotSize, with: line)
        unsafe turns[ticket & mask].store(ticket + 1, ordering: .releasing)
        return true
    }

    private func fill(_ slot: UnsafeMutableRawPointer, with line: Span<UInt8>) {
        let ellipsis: StaticString = "…"
        let isCut = line.count > Self.longestLine
        var count = isCut ? Self.longestLine - ellipsis.utf8CodeUnitCount : line.count
        if isCut { while count > 0 && line[count] & 0xc0 == 0x80 { count -= 1 } }
        unsafe slot.storeBytes(of: count, as: Int.self)
        for index in 0..<count {
            unsafe slot.storeBytes(of: line[index], toByteOffset: 8 + index, as: UInt8.self)
        }
        guard isCut else { return }
        for index in 0..<ellipsis.utf8CodeUnitCount {
            unsafe slot.storeBytes(
                of: ellipsis.utf8Start[index],
                toByteOffset: 8 + count + index,
                as: UInt8.self
            )
        }
        unsafe slot.storeBytes(of: count + ellipsis.utf8CodeUnitCount, as: Int.self)
    }

    /// For one thread at a time. The oldest line, or nil.
    package func pop() -> [UInt8]? {
        let turn = unsafe turns[head & mask].load(ordering: .acquiring)
        guard turn == head + 1 else { return nil }
        let slot = unsafe slots + (head & mask) * Self.slotSize
        let count = unsafe slot.load(as: Int.self)
        let line = unsafe [UInt8](UnsafeRawBufferPointer(start: slot + 8, count: count))
        unsafe turns[head & mask].store(head + mask + 1, ordering: .releasing)
        head += 1
        return line
    }

    /// Lines dropped since this was last asked.
    package func takeDropped() -> Int { dropped.exchange(0, ordering: .relaxed) }
}
