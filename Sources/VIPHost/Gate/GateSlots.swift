import VIPCore
import VIPNet

/// A slot that is some group's, in a gate that was found.
package struct GateOccupant: Equatable, Sendable {
    package var slot: UInt32
    package var group: GroupID

    package init(slot: UInt32, group: GroupID) {
        self.slot = slot
        self.group = group
    }
}

/// The addresses of one group, and the slot that they share.
package struct GateAssignment: Equatable, Sendable {
    package var group: GroupID
    package var slot: UInt32
    package var addresses: [IPAddress]
}

/// The slots that the groups have, or are to have, in one gate.
struct GateSlots {
    /// Slots are for as many groups at the same time, those that have left the configuration
    /// included. Slot 0 is nobody's.
    static let last: UInt32 = 4095

    /// In the order of the entries; nil: the group has none yet.
    private(set) var found: [UInt32?]
    private let occupants: [GateOccupant]

    /// - Parameters:
    ///   - entries: in the order of their groups.
    ///   - occupants: in the order of their slots.
    init(of entries: [GateEntry], among occupants: [GateOccupant]) {
        self.occupants = occupants
        found = Array(repeating: nil, count: entries.count)
        // A group has one slot; should it have several, the last one is its own.
        for occupant in occupants.reversed() {
            guard let index = entries.index(of: occupant.group), found[index] == nil else {
                continue
            }
            found[index] = occupant.slot
        }
    }

    /// With a free slot for every group that has none. Nil: there are too few. A group that has
    /// left the configuration keeps its slot: its addresses may still be on an interface.
    func completed() -> [UInt32]? {
        var (slot, occupant) = (UInt32(0), 0)
        var complete: [UInt32] = []
        complete.reserveCapacity(found.count)
        for own in found {
            if let own {
                complete.append(own)
                continue
            }
            slot += 1
            while !mutated(.slotGivenTwice), occupant < occupants.count,
                occupants[occupant].slot <= slot
            {
                if occupants[occupant].slot == slot { slot += 1 }
                occupant += 1
            }
            guard slot <= Self.last else { return nil }
            complete.append(slot)
        }
        return complete
    }
}

extension [GateEntry] {
    func index(of group: GroupID) -> Int? { index(of: group, by: \.group.id) }
}
