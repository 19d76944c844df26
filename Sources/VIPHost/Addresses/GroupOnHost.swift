import VIPCore
import VIPNet

/// A group as the configuration has it.
package struct HostGroup: Equatable, Sendable {
    package let id: GroupID
    package let name: String
    /// One of its interface's names.
    package let interface: String
    package let addresses: [FloatingAddress]

    package init(id: GroupID, name: String, interface: String, addresses: [FloatingAddress]) {
        (self.id, self.name) = (id, name)
        (self.interface, self.addresses) = (interface, addresses)
    }
}

/// What one group has to do with the kernel.
package struct GroupOnHost: Sendable {
    /// What the core has asked for last.
    enum Intent: Equatable {
        case absent
        case present(Refresh)

        /// Nobody knows what has become of the last addition.
        mutating func forgetTurn() {
            if case .present = self { self = .present(.everything) }
        }
    }

    /// Which addresses the next addition has to name.
    enum Refresh: Equatable {
        /// All: nobody knows when the kernel was last given them.
        case everything
        /// Those that are missing, and of the others the ones whose turn it is.
        case turn(Int)
    }

    /// A question to the kernel that is not answered yet.
    struct Order {
        enum Kind {
            /// The entries of the table that were asked for.
            case addition([Int])
            case removal([InterfaceAddress])
            /// After a removal: which of these are there after all, in another shape than was
            /// understood.
            case look(doubtful: [InterfaceAddress])
        }

        let id: UInt64
        /// The core's number.
        let request: UInt64
        let kind: Kind
    }

    /// What became of the last removal, beyond the kernel's first answer.
    enum Removal: Equatable {
        case settled
        /// The kernel refused; it is tried again at that instant.
        case refused(request: UInt64, retryAt: Instant)
        /// The addresses are off, and a frame that announces one may still be on its way.
        case awaitingSilence(request: UInt64)
    }

    /// What the core was last told. It takes the better for granted until told otherwise.
    struct Told: Equatable {
        var isUp: Bool?
        var isAddressable = true
        var answers = true
    }

    package let settings: HostGroup
    /// The indices of its addresses in the table, in the order of the configuration.
    package let members: [Int]
    /// The index of its interface.
    package let interface: Int
    let samples: [FloatingAddress]

    var intent = Intent.absent
    /// In the order of asking.
    var orders: [Order] = []
    var removal = Removal.settled
    var told = Told()
    var pacing = ChangePacing()
    /// Its further changes are looked at when `pacing` allows it.
    var isOwedLook = false
    /// How many places the kernel has its addresses in; and how many of them are as they should be.
    var seen = 0
    var right = 0

    /// What the kernel was last asked to keep them for, in seconds.
    var lifetime: UInt32 = 0
    /// Entries of which somebody else has changed the lifetime since, where not all are renewed at
    /// each request.
    var altered: [Int] = []
    /// Something about it was told in the step that is under way.
    var isTouched = false

    init(_ settings: HostGroup, members: [Int], interface: Int) {
        (self.settings, self.members, self.interface) = (settings, members, interface)
        samples = Self.samples(of: settings.addresses)
    }

    /// The first address of each family: what the kernel has against one, it has against all.
    package static func samples(of addresses: [FloatingAddress]) -> [FloatingAddress] {
        [false, true].compactMap { isIPv6 in addresses.first { $0.address.isIPv6 == isIPv6 } }
    }

    /// On its interface the kernel has every address.
    package var isComplete: Bool { right == members.count }

    /// The kernel has none of its addresses anywhere.
    package var isAbsent: Bool { seen == 0 }

    package var isWanted: Bool { intent != .absent }

    /// What is there will be looked at once the kernel is done, or the pace allows it.
    package var isBusy: Bool { isOwedLook || !orders.isEmpty }

    /// What is there is not what was asked for.
    var isWrong: Bool { isWanted ? !isComplete : !isAbsent }
}

/// How often the kernel is given an address again, where nothing but its own lifetime ends it.
///
/// Each renewal is some microseconds of the kernel's time under its configuration lock, and a
/// notification to everybody on the host who listens. So a host with many addresses renews a part
/// of them at a time, and gives each a longer lifetime: it is the gate that silences them in time,
/// and the lifetime only cleans up after an agent that died and did not come back.
package struct RefreshTurns: Equatable, Sendable {
    /// Addresses that are renewed at each of the core's requests, over all groups.
    package static let mostAtOnce = 256

    /// So many requests until all were renewed once.
    let count: Int

    /// Each request renews all.
    static let none = RefreshTurns(addresses: 0, atOnce: mostAtOnce)

    init(addresses: Int, atOnce: Int) {
        count = max(1, (addresses + atOnce - 1) / atOnce)
    }

    /// In seconds, of what would be enough if each request renewed all.
    func lifetime(_ seconds: UInt32) -> UInt32 {
        UInt32(clamping: UInt64(seconds) * UInt64(count))
    }

    /// - Parameters:
    ///   - turn: the number of the request.
    ///   - offset: differs between groups, so that small ones do not all have their turn at once.
    /// - Returns: which of so many members have their turn.
    func members(of number: Int, turn: Int, offset: Int) -> Range<Int> {
        let turn = (turn + offset) % count
        return turn * number / count..<(turn + 1) * number / count
    }
}
