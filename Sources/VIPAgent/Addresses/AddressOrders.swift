import VIPCore
import VIPNet
import VIPPlatform

/// What the worker was asked for and has not done yet: effects of the core, each of as many
/// changes as its group has addresses.
///
///     addition: changes -> done, refused, or late
///     removal:  changes -> done, or refused
///                     \-> some were not there in the shape in which the kernel had told of them:
///                         a look at what is there -> done, or refused
struct AddressOrders {
    enum Kind { case addition, removal, look }

    struct Order {
        let id: UInt64
        let group: Int
        let request: UInt64
        var kind: Kind
        var outstanding: Int
        /// What the kernel refused first.
        var failure: SystemError?
        /// Something was not even asked for, or is not as it is to be.
        var failed = false
        var isLate = false
        /// What the kernel had told of, and then had not.
        var doubtful: [InterfaceAddress] = []
    }

    private var orders: [Order] = []
    private var nextID: UInt64 = 1

    var isEmpty: Bool { orders.isEmpty }

    mutating func takeID() -> UInt64 {
        defer { nextID += 1 }
        return nextID
    }

    mutating func append(_ order: Order) { orders.append(order) }

    /// The order that a completion belongs to, with what the body has noted in it; with the last
    /// answer it is over, and not here any more.
    mutating func note(_ id: UInt64, _ body: (inout Order) -> Void) -> Order? {
        guard let place = orders.firstIndex(where: { $0.id == id }) else { return nil }
        body(&orders[place])
        orders[place].outstanding -= 1
        return orders[place].outstanding == 0 ? orders.remove(at: place) : nil
    }
}
