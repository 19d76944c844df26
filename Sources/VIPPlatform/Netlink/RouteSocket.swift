import CNetlink
import Glibc
import VIPNet

/// Asks the kernel for changes of addresses, and for what it has, one question at a time.
///
/// An answer is waited for at most `patience`. But the kernel works on a request inside of `send`,
/// holding the lock that all of its network configuration shares: where somebody else has that lock
/// for long (the removal of thousands of interfaces, a driver that waits for its hardware), `send`
/// waits for it and no timeout helps. Whoever may not wait uses `AddressWorker`.
@safe
package final class RouteSocket {
    /// Time for an answer. Ordinary ones take some tens of microseconds.
    package static let patience: Duration = .milliseconds(200)

    private let route: OpaquePointer

    package init() throws(SystemError) {
        var failure: Int32 = 0
        let milliseconds = Int32(Self.patience / .milliseconds(1))
        guard let route = unsafe vip_route_open(1 << 20, milliseconds, &failure) else {
            throw SystemError(call: "socket", on: "rtnetlink", errno: -failure)
        }
        unsafe self.route = unsafe route
    }

    deinit { unsafe vip_route_close(route) }

    /// Adds the address, or renews lifetimes and owner of one that is there. Returns when the
    /// kernel has it.
    package func add(_ address: InterfaceAddress) throws(SystemError) {
        try change(address, .add)
    }

    /// Removes the address, in the shape in which the kernel has it.
    ///
    /// - Returns: whether it was there. None in this shape, no such interface, or an interface
    ///   without the family (ENXIO, as with an MTU below 1280) is no failure; whoever expected one
    ///   looks again.
    @discardableResult
    package func remove(_ address: InterfaceAddress) throws(SystemError) -> Bool {
        do {
            try change(address, .remove)
            return true
        } catch  where [EADDRNOTAVAIL, ENODEV, ENXIO].contains(error.errno) {
            return false
        }
    }

    /// Asks whether the kernel would take the address now, and gives it none.
    ///
    /// There is no dry run, so this is a question that the kernel refuses in any case: it is to
    /// join the multicast group of this address, too, which is none. It finds that out as the last
    /// thing before it would install the address, after it has looked at the right to do so, the
    /// interface, the family on it, and the address itself. Nobody hears of it.
    ///
    /// - Parameter mtu: of the interface; 0 where that is not known.
    /// - Throws: what stands in the way.
    package func tryOut(_ address: InterfaceAddress, mtu: UInt32) throws(SystemError) {
        let family = AddressTrial.Family(address.address)
        do {
            try change(address, .tryOut)
        } catch  where AddressTrial.isWilling(error, to: family, mtu: mtu) {
            return
        }
        // No kernel is known to come here; none may have an address for it.
        try change(address, .remove)
    }

    /// All addresses of all interfaces.
    package func addresses() throws(SystemError) -> [InterfaceAddress] {
        try list(RTM_GETADDR, "addresses", InterfaceAddress.init)
    }

    /// All links.
    package func links() throws(SystemError) -> [Link] {
        try list(RTM_GETLINK, "links", Link.init)
    }

    // MARK: - One question, one answer

    private func change(
        _ address: InterfaceAddress,
        _ question: InterfaceAddress.Question
    ) throws(SystemError) {
        let message = unsafe try address.request(question)
        unsafe try ask(message, question.call, on: address.description) { _ in }
    }

    /// Lists that are begun anew because something has changed meanwhile.
    private static let mostAttempts = 8

    private func list<Record>(
        _ type: Int,
        _ subject: String,
        _ parse: (RouteMessage) -> Record?
    ) throws(SystemError) -> [Record] {
        for _ in 0..<Self.mostAttempts {
            let message = unsafe nlmsg_alloc_simple(Int32(type), NLM_F_DUMP)!
            // Of any family. The counters of virtual functions make a list of links large, and
            // nobody here reads them.
            var body = ifinfomsg()
            unsafe nlmsg_append(message, &body, MemoryLayout<ifinfomsg>.size, 4)
            if type == RTM_GETLINK {
                unsafe nla_put_u32(message, Int32(IFLA_EXT_MASK), UInt32(RTEXT_FILTER_SKIP_STATS))
            }
            var records: [Record] = []
            do throws(SystemError) {
                unsafe try ask(message, Self.dump, on: subject) { message in
                    if let record = parse(message) { records.append(record) }
                }
                return records
            } catch  where error.errno == EINTR {}
        }
        throw SystemError(
            call: Self.dump,
            on: subject,
            errno: EINTR,
            detail: "it kept changing while it was read"
        )
    }

    private static let dump = "dump of"

    /// - Parameter message: is freed.
    private func ask(
        _ message: OpaquePointer,
        _ call: String,
        on subject: String,
        _ visit: (RouteMessage) -> Void
    ) throws(SystemError) {
        var words = [CChar](repeating: 0, count: 256)
        let result = unsafe lendingVisitor(visit) { visit, context in
            unsafe vip_route_ask(route, message, visit, context, &words, words.count)
        }
        guard result < 0 else { return }
        let octets = words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        throw SystemError(
            call: call,
            on: subject,
            errno: -result,
            detail: String(decoding: octets, as: UTF8.self)
        )
    }
}
