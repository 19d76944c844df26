import VIPNet

/// What a process knows of one record of a page, whose octets are in its image; see `PageFile`.
struct PageRecord: Equatable {
    private enum Offset {
        static let sequence = 0
        static let length = 8
        static let index = 12
        static let checksum = 16
        static let reserved = 24
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
    /// Octets of its contents; nil where no slot is whole.
    private(set) var length: Int?
    /// Whether neither slot was ever written.
    private(set) var isBlank = true
    /// Whether the newest slot is not in the file yet.
    var isAhead = false

    init() {}

    /// What the file did not give.
    static var unreadable: PageRecord {
        var record = PageRecord()
        record.isBlank = false
        return record
    }

    /// - Parameter image: of the page, as far as it was read.
    init(reading image: Span<UInt8>, at index: Int) {
        isBlank = [0, 1].allSatisfy {
            Self.number(image, Self.offset(of: index, $0) + Offset.sequence, 8) == 0
        }
        for which in [0, 1] {
            let start = Self.offset(of: index, which)
            let slot = image.extracting(start..<start + Self.slotSize)
            guard let found = Self.whole(slot, index), length == nil || found.sequence > sequence
            else { continue }
            (newest, sequence, length) = (which, found.sequence, found.length)
        }
    }

    /// In the older slot, so that the other one stays whole until this one is. Behind the contents
    /// there may be the end of longer ones.
    mutating func replace(with contents: Span<UInt8>, at index: Int, in image: inout [UInt8]) {
        newest = length == nil ? 0 : 1 - newest
        sequence += 1
        length = contents.count
        isBlank = false
        isAhead = true
        let start = Self.offset(of: index, newest)
        let checksum = Self.checksum(sequence, index, contents)
        var image = image.mutableSpan
        Self.store(sequence, 8, in: &image, at: start + Offset.sequence)
        Self.store(UInt64(contents.count), 4, in: &image, at: start + Offset.length)
        Self.store(UInt64(index), 4, in: &image, at: start + Offset.index)
        Self.store(checksum, 8, in: &image, at: start + Offset.checksum)
        Self.store(0, 8, in: &image, at: start + Offset.reserved)
        for index in contents.indices {
            image[start + Offset.contents + index] = contents[index]
        }
    }

    /// Where the newest slot is in the file, as far as it says anything.
    func octets(at index: Int) -> Range<Int> {
        let start = Self.offset(of: index, newest)
        return start..<start + Offset.contents + (length ?? 0)
    }

    /// Where its contents are.
    func contents(at index: Int) -> Range<Int>? {
        guard length != nil else { return nil }
        let octets = octets(at: index)
        return octets.lowerBound + Offset.contents..<octets.upperBound
    }

    // MARK: - Octets

    private static func whole(
        _ slot: Span<UInt8>,
        _ index: Int
    ) -> (sequence: UInt64, length: Int)? {
        let sequence = number(slot, Offset.sequence, 8)
        let length = number(slot, Offset.length, 4)
        guard sequence != 0, sequence != .max, length <= UInt64(PageFile.mostOctets),
            number(slot, Offset.index, 4) == UInt64(index)
        else { return nil }
        let contents = slot.extracting(Offset.contents..<Offset.contents + Int(length))
        guard number(slot, Offset.checksum, 8) == checksum(sequence, index, contents)
        else { return nil }
        return (sequence, Int(length))
    }

    private static func checksum(
        _ sequence: UInt64,
        _ index: Int,
        _ contents: Span<UInt8>
    ) -> UInt64 {
        var checksum = Checksum()
        checksum.add(sequence)
        checksum.add(UInt64(index))
        checksum.add(UInt64(contents.count))
        for index in contents.indices { checksum.add(contents[index]) }
        return checksum.value
    }

    /// In the host's byte order.
    private static func number(_ octets: Span<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<count {
            number |= UInt64(octets[offset + index]) << shift(index, count)
        }
        return number
    }

    private static func store(
        _ number: UInt64,
        _ count: Int,
        in octets: inout MutableSpan<UInt8>,
        at offset: Int
    ) {
        for index in 0..<count {
            octets[offset + index] = UInt8(truncatingIfNeeded: number >> shift(index, count))
        }
    }

    private static func shift(_ index: Int, _ count: Int) -> UInt64 {
        UInt64(isLittleEndian ? index : count - 1 - index) * 8
    }

    private static let isLittleEndian = UInt16(1).littleEndian == 1
}
