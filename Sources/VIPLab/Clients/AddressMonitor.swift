import Glibc
import Synchronization

/// Hears from a host's kernel whenever an address is added or removed (rtnetlink).
///
/// It is the judge of what the agent does to addresses, and shares nothing with it on purpose: it
/// reads the octets by itself, without libnl, so that a mistake of the agent's or the library's
/// can't hide itself here.
public final class AddressMonitor: Sendable {
    private let recorded = Locked<[Change]>([])
    private let stop = StopFlag()
    private let thread: WorkerThread
    private let ended = Atomic(false)

    public struct Change: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            /// Also when its lifetime is extended: the kernel makes no difference.
            case added
            case removed
        }

        public let at: Moment
        public let kind: Kind
        public let address: String
    }

    /// Nothing that happens after it was made is missed.
    public init(in lab: Lab, on host: Host) throws(LabError) {
        let socket = try lab.namespace(of: host).run { () throws(LabError) in
            try Socket.addressChanges()
        }
        thread = try WorkerThread { [recorded, stop] in
            while !stop.isRaised {
                guard Socket.wait(for: [socket], atMost: 50)[0] else { continue }
                let now = Moment.now
                guard let octets = socket.receive(atMost: 65_536) else { continue }
                let changes = Self.changes(in: octets, at: now)
                recorded.change { $0 += changes }
            }
        }
    }

    /// What was heard from a moment on, of one address.
    public func changes(of address: String, since begin: Moment) -> [Change] {
        sleep(for: .milliseconds(20))
        return recorded.value.filter { $0.address == address && $0.at >= begin }
    }

    public func end() {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return }
        stop.raise()
        thread.join()
    }

    deinit {
        end()
    }

    /// Offsets and numbers of rtnetlink(7). Netlink speaks the machine's byte order.
    private enum Layout {
        static let header = 16
        static let addressMessage = 8
        static let newAddress: UInt16 = 20
        static let deletedAddress: UInt16 = 21
        /// IFA_ADDRESS and IFA_LOCAL. On Ethernet both are the address, and IPv6 has the first
        /// only.
        static let addressAttribute: UInt16 = 1
    }

    private static func changes(in octets: [UInt8], at moment: Moment) -> [Change] {
        var changes: [Change] = []
        var start = 0
        while start + Layout.header <= octets.count {
            let length = Int(UInt32(number(octets, start, 4)))
            guard length >= Layout.header, start + length <= octets.count else { break }
            let message = Array(octets[start..<start + length])
            if let change = change(in: message, at: moment) { changes.append(change) }
            start += (length + 3) / 4 * 4
        }
        return changes
    }

    private static func change(in message: [UInt8], at moment: Moment) -> Change? {
        let kind: Change.Kind
        switch UInt16(number(message, 4, 2)) {
        case Layout.newAddress: kind = .added
        case Layout.deletedAddress: kind = .removed
        default: return nil
        }
        var start = Layout.header + Layout.addressMessage
        while start + 4 <= message.count {
            let length = Int(number(message, start, 2))
            guard length >= 4, start + length <= message.count else { return nil }
            let content = Array(message[start + 4..<start + length])
            if UInt16(number(message, start + 2, 2)) == Layout.addressAttribute,
                content.count == 4 || content.count == 16
            {
                let address = InternetAddress(octets: content).text
                return Change(at: moment, kind: kind, address: address)
            }
            start += (length + 3) / 4 * 4
        }
        return nil
    }

    private static func number(_ octets: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        octets[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
