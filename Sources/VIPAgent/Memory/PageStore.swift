import VIPCore
import VIPPlatform

/// The core's page, in the page file: the header in the first record, then one for every group.
///
/// The header's record begins with the boot id and the network namespace that it was written in,
/// and with the number of groups' records. Where boot or namespace differ, or a record that it
/// counts is not whole, or says what cannot be by this moment's clocks, the page is lost, and this
/// host a new incarnation.
package final class PageStore {
    private let file: PageFile
    private let identity: BootIdentity
    /// The groups' records, in the file from 1 on; where each group's is.
    private var count = 0
    private var slots: [GroupID: Int] = [:]
    private var header: PageHeader?
    /// Whether there are records that the header in the file does not count.
    private var hasUncounted = false
    /// Whether something is to be put into the file, and whether that was done since it was
    /// found whole.
    private var isWritten = true
    private var isChecked = true
    /// A record's octets, while it is written.
    private var octets: [UInt8] = []
    private static let headerIndex = 0

    /// Why there is no page, for the log.
    package enum Loss: Equatable, Sendable {
        case none, otherBoot, otherNamespace, damaged, empty
    }

    package private(set) var loss = Loss.none
    package private(set) var page: Page?

    package init(path: String, identity: BootIdentity, groups: Int) throws(SystemError) {
        file = try PageFile(path: path)
        self.identity = identity
        try file.reserve(records: groups + 1)
        page = load()
        if let page {
            header = page.header
        } else {
            // Before the new header is written: nothing of another boot may be taken for this
            // one's.
            for index in 0..<file.capacity { file.erase(index) }
        }
    }

    /// Whether a lease of the process before still runs.
    var hasTenure: Bool {
        let now = Instant(nanoseconds: ClockReading.bootNow())
        return page?.records.contains { ($0.tenure?.deadline.boottime ?? now) > now } ?? false
    }

    /// The path, where a successor would not find this page.
    package var missingPath: String? { file.isInPlace ? nil : file.path }

    package var path: String { file.path }

    /// That somebody has cut the page since this was asked last; it was written anew since.
    package private(set) var wasCut = false

    /// Writes the page again where it was cut, and into a new file where it is gone or replaced.
    ///
    /// - Returns: what was found and mended, in words; nil if the page was as it should be.
    package func mend() throws(SystemError) -> String? {
        if !file.isInPlace {
            try file.replace()
            wasCut = false
            return "\(file.path) was gone, or another file"
        }
        if try file.mend() { wasCut = true }
        defer { wasCut = false }
        return wasCut ? "\(file.path) was cut" : nil
    }

    private func load() -> Page? {
        guard let first = file.read(Self.headerIndex) else {
            loss = file.isBlank(Self.headerIndex) ? .empty : .damaged
            return nil
        }
        var reader = OctetReader(first)
        guard let found = reader.identity(), let count = reader.number() else {
            loss = .damaged
            return nil
        }
        guard found.bootHigh == identity.bootHigh, found.bootLow == identity.bootLow else {
            loss = .otherBoot
            return nil
        }
        guard found == identity else {
            loss = .otherNamespace
            return nil
        }
        guard let header = try? PageHeader(parsing: reader.rest.span),
            count < UInt64(PageFile.mostRecords)
        else {
            loss = .damaged
            return nil
        }
        var records: [GroupRecord] = []
        var slots: [GroupID: Int] = [:]
        for index in 1..<Int(count) + 1 {
            guard let octets = file.read(index), let record = try? GroupRecord(parsing: octets.span)
            else {
                loss = .damaged
                return nil
            }
            slots[record.group] = slots[record.group] ?? index
            records.append(record)
        }
        let page = Page(header: header, records: records.sorted { $0.group < $1.group })
        let now = ClockReading.now()
        let reading = Reading(
            boottime: Instant(nanoseconds: now.boot),
            raw: Instant(nanoseconds: now.raw)
        )
        guard page.isPlausible(at: reading) else {
            loss = .damaged
            return nil
        }
        self.count = records.count
        self.slots = slots
        return page
    }

    // MARK: - Writing

    /// What is written is in the file once `flush` has returned.
    package func write(_ header: PageHeader) throws(SystemError) {
        self.header = header
        octets.removeAll(keepingCapacity: true)
        for number in [
            identity.bootHigh, identity.bootLow, identity.namespaceDevice, identity.namespaceInode,
            UInt64(self.count),
        ] {
            for shift in stride(from: 56, through: 0, by: -8) {
                octets.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
            }
        }
        header.serialize(into: &octets)
        try put(Self.headerIndex)
    }

    /// Likewise. A group's first record is counted by the header once it is whole.
    package func write(_ record: GroupRecord) throws(SystemError) {
        octets.removeAll(keepingCapacity: true)
        record.serialize(into: &octets)
        if let index = slots[record.group] { return try put(index) }
        let index = count + 1
        try file.reserve(records: index + 1)
        try put(index)
        count = index
        slots[record.group] = index
        hasUncounted = true
    }

    private func put(_ index: Int) throws(SystemError) {
        let octets = octets
        try file.change(index, to: octets.span)
        isWritten = false
    }

    /// Puts into the file what was written since this was called last, with as few calls as there
    /// can be. When this returns, all of it has survived the process.
    package func flush() throws(SystemError) {
        guard !isWritten else { return }
        try file.flush()
        if hasUncounted, let header {
            try write(header)
            try file.flush()
        }
        (hasUncounted, isWritten, isChecked) = (false, true, false)
    }

    /// Writes the page anew if somebody has cut it, after something was put into it.
    package func check() throws(SystemError) {
        guard !isChecked else { return }
        if try file.mend() { wasCut = true }
        isChecked = true
    }
}

/// Reads what `PageStore` puts before the header.
private struct OctetReader {
    private let octets: [UInt8]
    private var offset = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    mutating func number() -> UInt64? {
        guard offset + 8 <= octets.count else { return nil }
        defer { offset += 8 }
        return octets[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func identity() -> BootIdentity? {
        guard let bootHigh = number(), let bootLow = number(), let device = number(),
            let inode = number()
        else { return nil }
        return BootIdentity(
            bootHigh: bootHigh,
            bootLow: bootLow,
            namespaceDevice: device,
            namespaceInode: inode
        )
    }

    var rest: [UInt8] { Array(octets[min(offset, octets.count)...]) }
}
