import CNetlink
import Glibc
import Testing
import VIPNet
import VIPPlatform
import VIPTestSupport

/// What others may do to a socket that asks the kernel, or listens to it.
@Suite("A conversation with rtnetlink", .enabled(if: isRoot, "network namespaces take root"))
struct RouteConversationTests {
    /// Sends to that netlink socket of this host from one of its own, as any process with
    /// CAP_NET_ADMIN may. False where there is no more room.
    @discardableResult
    private func forge(_ message: NetlinkOctets, to descriptor: Int32) -> Bool {
        var target = sockaddr_nl()
        var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
        let found = unsafe withUnsafeMutablePointer(to: &target) { target in
            unsafe getsockname(
                descriptor,
                UnsafeMutableRawPointer(target).assumingMemoryBound(to: sockaddr.self),
                &length
            )
        }
        #expect(found == 0)
        let forger = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), NETLINK_ROUTE)
        defer { close(forger) }
        return send(message.octets, from: forger, to: target)
    }

    private func send(_ octets: [UInt8], from socket: Int32, to target: sockaddr_nl) -> Bool {
        var target = target
        let sent = unsafe withUnsafeMutablePointer(to: &target) { target in
            unsafe sendto(
                socket,
                octets,
                octets.count,
                Int32(MSG_DONTWAIT),
                UnsafeMutableRawPointer(target).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_nl>.size)
            )
        }
        return sent == octets.count
    }

    private func inode(_ descriptor: Int32) -> UInt {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? status.st_ino : 0
    }

    private func question(_ type: Int, _ flags: Int32) throws -> OpaquePointer {
        let question = unsafe try #require(unsafe nlmsg_alloc_simple(Int32(type), flags))
        var body = ifinfomsg()
        unsafe nlmsg_append(question, &body, MemoryLayout<ifinfomsg>.size, 4)
        return unsafe question
    }

    private static let forged = NetlinkOctets(
        type: 20,
        fixed: NetlinkOctets.address(AF_INET, prefix: 32),
        attributes: [1: [10, 1, 1, 1], 2: [10, 1, 1, 1]]
    )

    @Test("hears nothing of other processes, and what the kernel says behind them")
    func forgedNotification() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try #require(try socket.links().first { $0.name == "v0" }).index
            let monitor = try RouteMonitor()
            while try !monitor.events().isEmpty {}
            for _ in 0..<3 { forge(Self.forged, to: monitor.fileDescriptor) }
            var several = Self.forged
            several.flags = 2
            forge(several, to: monitor.fileDescriptor)
            let address = InterfaceAddress(
                floating: .v4(0x0a4d_0064),
                prefixLength: 32,
                on: interface,
                lifetime: 50
            )
            try socket.add(address)
            let heard = try monitor.events().compactMap { event in
                if case .address(let address) = event { address.address } else { nil }
            }
            #expect(heard == [.v4(0x0a4d_0064)])
        }
    }

    @Test("takes neither another process's answer nor that to another question for the kernel's")
    func forgedAnswer() throws {
        try inNetworkNamespace {
            var failure: Int32 = 0
            let opened = unsafe vip_route_open(1 << 16, 1000, &failure)
            let route = unsafe try #require(unsafe opened)
            defer { unsafe vip_route_close(route) }
            // An error of that number, which would end the answer.
            forge(
                NetlinkOctets(
                    type: 2,
                    number: 4711,
                    fixed: NetlinkOctets.octets(-EPERM) + Array(repeating: 0, count: 16)
                ),
                to: unsafe vip_route_fd(route)
            )
            // The kernel's refusal of a question that nobody waits for: a message that is no
            // request's.
            let earlier = NetlinkOctets(type: 21, flags: 5, number: 4710, fixed: [2, 32]).octets
            var kernel = sockaddr_nl()
            kernel.nl_family = sa_family_t(AF_NETLINK)
            #expect(send(earlier, from: unsafe vip_route_fd(route), to: kernel))

            let question = unsafe try question(RTM_GETLINK, NLM_F_DUMP)
            unsafe nlmsg_hdr(question).pointee.nlmsg_seq = 4711
            var links: Int32 = 0
            var words: [CChar] = [0]
            let result = unsafe vip_route_ask(
                route,
                question,
                { message, context in
                    guard unsafe nlmsg_hdr(message).pointee.nlmsg_type == RTM_NEWLINK else {
                        return
                    }
                    unsafe context?.assumingMemoryBound(to: Int32.self).pointee += 1
                },
                &links,
                &words,
                1
            )
            #expect(result == 0)
            #expect(links >= 3)
        }
    }

    @Test("gives up a question whose answer was lost, and asks the next one through a new socket")
    func lostAnswer() throws {
        try inNetworkNamespace {
            var failure: Int32 = 0
            let opened = unsafe vip_route_open(1 << 16, 1000, &failure)
            let route = unsafe try #require(unsafe opened)
            defer { unsafe vip_route_close(route) }
            while forge(Self.forged, to: unsafe vip_route_fd(route)) {}
            let before = inode(unsafe vip_route_fd(route))
            var words: [CChar] = [0]
            let refused = unsafe try question(RTM_DELLINK, 0)
            #expect(unsafe vip_route_ask(route, refused, nil, nil, &words, 1) == -ENOBUFS)
            #expect(inode(unsafe vip_route_fd(route)) != before)
            let listed = unsafe try question(RTM_GETLINK, NLM_F_DUMP)
            #expect(unsafe vip_route_ask(route, listed, nil, nil, &words, 1) == 0)
        }
    }
}
