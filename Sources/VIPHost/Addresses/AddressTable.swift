import VIPNet

/// The floating addresses of all groups, and where the kernel has them. Made for thousands: what
/// comes with each notification takes the same time for any number of them, and of others'
/// addresses.
package struct AddressTable: Sendable {
    package struct Entry: Sendable {
        package let floating: FloatingAddress
        /// The index of its group.
        package let group: Int
        /// On which interfaces the kernel has it, and in which shapes: seldom more than one.
        package fileprivate(set) var seen: [InterfaceAddress] = []
        /// How much had been asked when it last came, or went, by the number of the next question.
        package fileprivate(set) var cameAt: UInt64 = 0
        package fileprivate(set) var wentAt: UInt64 = 0
    }

    /// Sorted by address, of which there are no two.
    package private(set) var entries: [Entry]
    /// All of them, sorted.
    package let addresses: [IPAddress]

    /// - Parameter groups: the addresses of each. One that two groups have is the first's.
    init(_ groups: [[FloatingAddress]]) {
        let all = groups.enumerated().flatMap { group, addresses in
            addresses.map { Entry(floating: $0, group: group) }
        }
        var entries: [Entry] = []
        entries.reserveCapacity(all.count)
        // Where two are equal, the one of the earlier group comes first.
        for entry in all.sorted(by: {
            ($0.floating.address, $0.group) < ($1.floating.address, $1.group)
        }) where entries.last?.floating.address != entry.floating.address {
            entries.append(entry)
        }
        self.entries = entries
        addresses = entries.map(\.floating.address)
    }

    subscript(index: Int) -> Entry { entries[index] }

    func index(of address: IPAddress) -> Int? { addresses.sortedIndex(of: address) }

    /// As the kernel has it on that interface, in the shape that an agent gives it.
    func found(_ index: Int, on interface: Int32) -> InterfaceAddress? {
        let key = entries[index].floating.key(on: interface)
        return entries[index].seen.first { $0.key == key }
    }

    /// - Returns: by how much the number of keys has grown, and of right ones.
    @discardableResult
    mutating func note(
        _ address: InterfaceAddress,
        at index: Int,
        on interface: Int32?
    ) -> (seen: Int, right: Int) {
        let position = entries[index].seen.firstIndex { $0.key == address.key }
        if let position {
            entries[index].seen[position] = address
            return (0, 0)
        }
        entries[index].seen.append(address)
        return (1, isRight(address, at: index, on: interface) ? 1 : 0)
    }

    /// - Returns: by how much the number of keys has shrunk, and of right ones.
    @discardableResult
    mutating func forget(
        _ key: InterfaceAddress.Key,
        at index: Int,
        on interface: Int32?
    ) -> (seen: Int, right: Int) {
        guard let position = entries[index].seen.firstIndex(where: { $0.key == key }) else {
            return (0, 0)
        }
        let address = entries[index].seen.remove(at: position)
        return (1, isRight(address, at: index, on: interface) ? 1 : 0)
    }

    mutating func forgetAll(at index: Int) { entries[index].seen.removeAll() }

    mutating func forgetAll(at index: Int, on interface: Int32) {
        entries[index].seen.removeAll { $0.interface == interface }
    }

    mutating func noteComing(at index: Int, of question: UInt64) {
        entries[index].cameAt = question
    }

    mutating func noteGoing(at index: Int, of question: UInt64) {
        entries[index].wentAt = question
    }

    private func isRight(_ address: InterfaceAddress, at index: Int, on interface: Int32?) -> Bool {
        interface.map { entries[index].floating.key(on: $0) == address.key } ?? false
    }
}
