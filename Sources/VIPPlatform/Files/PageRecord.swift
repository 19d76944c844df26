import VIPNet

/// One record of a page as a process knows it, and the octets of its slots; see `PageFile`.
struct PageRecord: Equatable {
    private enum Offset {
        static let sequence = 0
        static let length = 8
        static let index = 12
        static let checksum = 16
        static let contents = 32
    }

    private static let slotSize = 576
    /// Octets of both slots.
    static let size = 2 * slotSize

    /// Where the slot begins in the file.
    static func offset(of index: Int, _ which: Int) -> Int { index * size + which * slotSize }

    /// The slot that was written last.
    private(set) var newest = 0
    private(set) var sequence: UInt64 = 0
    /// Nil where no slot is whole.
    private(set) var contents: [UInt8]?
    /// Whether neither slot was ever written.
    private(set) var isBlank = true

    init() {}

    /// What the file did not give.
    static var unreadable: PageRecord {
        var record = PageRecord()
        record.isBlank = false
        return record
    }

    /// - Parameter octets: of both slots.
    init(reading octets: [UInt8], at index: Int) {
        precondition(octets.count == Self.size, "\(octets.count) octets are no record")
        isBlank = [0, Self.slotSize].allSatisfy { Self.number(octets, $0, 8) == 0 }
        for which in [0, 1] {
            let start = which * Self.slotSize
            guard let found = Self.whole(octets[start..<start + Self.slotSize], index),
                contents == nil || found.sequence > sequence
            else { continue }
            (newest, sequence, contents) = (which, found.sequence, found.contents)
        }
    }

    /// In the older slot, so that the other one stays whole until this one is.
    mutating func replace(with octets: [UInt8]) {
        newest = contents == nil ? 0 : 1 - newest
        sequence += 1
        contents = octets
        isBlank = false
    }

    /// The newest slot as it stands in the file, as far as it says anything: behind the contents
    /// there may be the end of longer ones.
    func slot(at index: Int) -> [UInt8] {
        let contents = contents ?? []
        var octets: [UInt8] = []
        octets.reserveCapacity(Offset.contents + contents.count)
        Self.append(sequence, 8, to: &octets)
        Self.append(UInt64(contents.count), 4, to: &octets)
        Self.append(UInt64(index), 4, to: &octets)
        Self.append(Self.checksum(sequence, index, contents[...]), 8, to: &octets)
        Self.append(0, 8, to: &octets)
        octets += contents
        return octets
    }

    // MARK: - Octets

    private static func whole(
        _ slot: ArraySlice<UInt8>,
        _ index: Int
    ) -> (sequence: UInt64, contents: [UInt8])? {
        let start = slot.startIndex
        let sequence = number(slot, start + Offset.sequence, 8)
        let length = number(slot, start + Offset.length, 4)
        guard sequence != 0, sequence != .max, length <= UInt64(PageFile.mostOctets),
            number(slot, start + Offset.index, 4) == UInt64(index)
        else { return nil }
        let contents = slot[(start + Offset.contents)...].prefix(Int(length))
        guard number(slot, start + Offset.checksum, 8) == checksum(sequence, index, contents)
        else { return nil }
        return (sequence, Array(contents))
    }

    private static func checksum(
        _ sequence: UInt64,
        _ index: Int,
        _ contents: ArraySlice<UInt8>
    ) -> UInt64 {
        var checksum = Checksum()
        checksum.add(sequence)
        checksum.add(UInt64(index))
        checksum.add(UInt64(contents.count))
        for octet in contents { checksum.add(octet) }
        return checksum.value
    }

    /// In the host's byte order.
    private static func number<Octets: RandomAccessCollection<UInt8>>(
        _ octets: Octets,
        _ offset: Octets.Index,
        _ count: Int
    ) -> UInt64 where Octets.Index == Int {
        var number: UInt64 = 0
        for place in 0..<count {
            let shift = UInt64(isLittleEndian ? place : count - 1 - place) * 8
            number |= UInt64(octets[offset + place]) << shift
        }
        return number
    }

    private static func append(_ number: UInt64, _ count: Int, to octets: inout [UInt8]) {
        for place in 0..<count {
            let shift = UInt64(isLittleEndian ? place : count - 1 - place) * 8
            octets.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private static let isLittleEndian = UInt16(1).littleEndian == 1
}
