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

    /// Messages of one dump, so that a kernel with absurdly many addresses can't keep us.
    private static let mostRecords = 65_536

    /// As large as the kernel makes its messages (NLMSG_GOODSIZE at most 32 KiB), with room.
    private static let capacity = 1 << 16

    private var socket: OpaquePointer
    private let storage: UnsafeMutableRawBufferPointer

    package init() throws(SystemError) {
        unsafe socket = try Self.open()
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit {
        unsafe nl_socket_free(socket)
        unsafe storage.deallocate()
    }

    /// Adds the address, or renews lifetimes and owner of one that is there. Returns when the
    /// kernel has it.
    package func add(_ address: InterfaceAddress) throws(SystemError) {
        try change(address, vip_address_add)
    }

    /// Removes the address, in the shape in which the kernel has it.
    ///
    /// - Returns: whether it was there. None in this shape, no such interface, or an interface
    ///   without the family (ENXIO, as with an MTU below 1280) is no failure; whoever expected one
    ///   looks again.
    @discardableResult
    package func remove(_ address: InterfaceAddress) throws(SystemError) -> Bool {
        do {
            try change(address, vip_address_remove)
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
            try change(address, vip_address_try)
        } catch  where AddressTrial.isWilling(error, to: family, mtu: mtu) {
            return
        }
        // No kernel is known to come here; none may have an address for it.
        try change(address, vip_address_remove)
    }

    /// All addresses of all interfaces.
    package func addresses() throws(SystemError) -> [InterfaceAddress] {
        unsafe try dump(RTM_GETADDR, "addresses") { header in
            unsafe InterfaceAddress(message: header)
        }
    }

    /// All links.
    package func links() throws(SystemError) -> [Link] {
        unsafe try dump(RTM_GETLINK, "links") { header in
            unsafe Link(message: header)
        }
    }

    // MARK: - One question, one answer

    private static func open() throws(SystemError) -> OpaquePointer {
        var failure: Int32 = 0
        guard let socket = unsafe vip_route_open(1 << 20, &failure) else {
            throw SystemError(call: "socket", on: "rtnetlink", errno: -failure)
        }
        let milliseconds = Int32(patience / .milliseconds(1))
        _ = unsafe vip_route_set_timeout(socket, milliseconds)
        return unsafe socket
    }

    /// An answer that comes after its question was given up must not be taken for the next one's:
    /// sequence numbers see to that, and a new socket makes sure.
    private func reopen() throws(SystemError) {
        let fresh = unsafe try Self.open()
        unsafe nl_socket_free(socket)
        unsafe socket = fresh
    }

    private func change(
        _ address: InterfaceAddress,
        _ question: vip_address_question
    ) throws(SystemError) {
        let call = question == vip_address_remove ? "RTM_DELADDR" : "RTM_NEWADDR"
        var shim = address.shim
        let sequence = try SystemCall.check(call, on: address.description) {
            unsafe vip_address_request(socket, question, &shim)
        }
        _ = unsafe try answers(to: sequence, call, on: address.description) { _ in Never?.none }
    }

    private func dump<Record>(
        _ type: Int,
        _ subject: String,
        _ parse: (UnsafeMutablePointer<nlmsghdr>) -> Record?
    ) throws(SystemError) -> [Record] {
        for _ in 0..<Self.mostAttempts {
            let sequence = try SystemCall.check("dump of", on: subject) {
                unsafe vip_dump_request(socket, Int32(type))
            }
            let found = unsafe try answers(to: sequence, "dump of", on: subject, parse)
            if let found { return found }
        }
        throw SystemError(
            call: "dump of",
            on: subject,
            errno: EINTR,
            detail: "it kept changing while it was read"
        )
    }

    /// Dumps that are begun anew because something has changed meanwhile.
    private static let mostAttempts = 8

    /// Reads until the end of the answer; nil where a dump was inconsistent.
    private func answers<Record>(
        to sequence: Int64,
        _ call: String,
        on subject: String,
        _ parse: (UnsafeMutablePointer<nlmsghdr>) -> Record?
    ) throws(SystemError) -> [Record]? {
        var answer = RouteAnswer<Record>(sequence: UInt32(truncatingIfNeeded: sequence))
        let deadline = ClockReading.bootNow() + Int64(Self.patience / .nanoseconds(1))
        while answer.isOpen {
            let count = SystemCall.repeating {
                unsafe vip_route_receive(socket, storage.baseAddress, storage.count)
            }
            if count == -Int(ENOMSG) { continue }
            let isLate = ClockReading.bootNow() > deadline && answer.records.isEmpty
            if count < 0 || isLate || answer.records.count > Self.mostRecords {
                try reopen()
                let code = count < 0 && count != -Int(EAGAIN) ? Int32(-count) : ETIMEDOUT
                throw SystemError(call: call, on: subject, errno: code)
            }
            unsafe answer.read(storage, count: count, parse)
        }
        if let failure = answer.failure {
            throw SystemError(
                call: call,
                on: subject,
                errno: failure.errno,
                detail: failure.detail
            )
        }
        return answer.isInconsistent ? nil : answer.records
    }
}

/// What has come of an answer so far.
private struct RouteAnswer<Record> {
    let sequence: UInt32
    var records: [Record] = []
    var isOpen = true
    var isInconsistent = false
    var failure: (errno: Int32, detail: String)?

    init(sequence: UInt32) { self.sequence = sequence }

    mutating func read(
        _ storage: UnsafeMutableRawBufferPointer,
        count: Int,
        _ parse: (UnsafeMutablePointer<nlmsghdr>) -> Record?
    ) {
        var left = Int32(count)
        var next: UnsafeMutablePointer<nlmsghdr>? = unsafe storage.baseAddress?
            .assumingMemoryBound(to: nlmsghdr.self)
        while let header = unsafe next, unsafe nlmsg_ok(header, left) != 0 {
            if unsafe header.pointee.nlmsg_seq == sequence { unsafe read(header, parse) }
            unsafe next = nlmsg_next(header, &left)
        }
    }

    private mutating func read(
        _ header: UnsafeMutablePointer<nlmsghdr>,
        _ parse: (UnsafeMutablePointer<nlmsghdr>) -> Record?
    ) {
        if unsafe Int32(header.pointee.nlmsg_flags) & NLM_F_DUMP_INTR != 0 {
            isInconsistent = true
        }
        switch unsafe Int32(header.pointee.nlmsg_type) {
        case NLMSG_ERROR:
            isOpen = false
            var text = [CChar](repeating: 0, count: 256)
            let result = unsafe vip_error_result(header, &text, text.count)
            if result < 0 {
                failure = (-result, Self.string(text))
            }
        case NLMSG_DONE:
            isOpen = false
        default:
            if let record = unsafe parse(header) { records.append(record) }
        }
    }

    private static func string(_ characters: [CChar]) -> String {
        let octets = characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: octets, as: UTF8.self)
    }
}
