import CGate
import CNetlink
import Foundation
import Testing
import VIPTestSupport

/// The gate on real interfaces, in network namespaces of their own.
@Suite("On an interface, the gate", .enabled(if: isRoot, "network namespaces take root"))
struct KernelTests {
    static let claim = Frames.ethernet(
        0x0806,
        Frames.arp(sender: Frames.floating, target: Frames.other)
    )
    static let question = Frames.ethernet(
        0x0806,
        Frames.arp(sender: Frames.other, target: Frames.floating)
    )
    static let request = Frames.ethernet(
        0x0800,
        Frames.ipv4(source: Frames.other, destination: Frames.floating)
    )
    static let claim6 = Frames.ethernet(
        0x86dd,
        Frames.behind([.hopByHop], Frames.advertisement(Frames.floating6))
    )
    /// TC_ACT_SHOT for everything, in classic BPF, from a filter of somebody else.
    static func addDropAll(_ hook: String, priority: String) {
        let command = "tc filter add dev v0 \(hook) prio \(priority) bpf direct-action bytecode"
        #expect(run(command, "1,6 0 0 2") == 0)
    }

    @Test("tells senders of packet sockets that a frame was not sent")
    func leaving() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let v0 = try interface("v0")
            try gate.attach(v0)
            let sender = try PacketSender()
            for frame in [Self.claim, Self.claim6] {
                #expect(sender.send(frame, on: v0) == -ENOBUFS)
            }
            #expect(sender.send(Self.question, on: v0) == 0)
            gate.open()
            for frame in [Self.claim, Self.claim6, Self.question] {
                #expect(sender.send(frame, on: v0) == 0)
            }
            #expect(gate.dropped(Gate.slot).leaving == 1)
            #expect(gate.dropped(Gate.slot6).leaving == 1)
        }
    }

    @Test("drops what arrives, with a tag or without, and nothing that leaves to the address")
    func arriving() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let (v0, v1) = (try interface("v0"), try interface("v1"))
            try gate.attach(v0)
            let sender = try PacketSender()
            let tagged = Frames.ethernet(
                0x0800,
                tags: [0x88a8, 0x8100],
                Frames.ipv4(source: Frames.other, destination: Frames.floating)
            )
            #expect(sender.send(Self.request, on: v1) == 0)
            #expect(sender.send(tagged, on: v1) == 0)
            #expect(sender.send(Self.question, on: v1) == 0)
            #expect(sender.send(Self.request, on: v0) == 0)
            // A veth hands frames over in their order, by way of a queue: once the last has come,
            // no other will be dropped.
            #expect(sender.send(Self.request, on: v1) == 0)
            #expect(wait { gate.dropped(Gate.slot).arriving >= 3 })
            #expect(gate.dropped(Gate.slot).arriving == 3)
            #expect(gate.dropped(Gate.slot).leaving == 0)
        }
    }

    @Test("reads frames that the sender cut short, and frames whose headers are in other buffers")
    func buffers() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let v0 = try interface("v0")
            try gate.attach(v0)
            let sender = try PacketSender()
            for frame in [Frames.ethernet(0x0800, [0x45]), Frames.ethernet(0x86dd, [0x60, 0])] {
                #expect(sender.send(frame, on: v0) == -ENOBUFS)
            }
            #expect(gate.dropped(UInt32(CGATE_UNREAD)).leaving == 2)
            // Of a frame larger than a page, a packet socket puts only the link's header into the
            // first buffer.
            let rest = [UInt8](repeating: 0, count: 8000)
            for frame in [Self.claim, Self.claim6] {
                #expect(sender.send(frame + rest, on: v0) == -ENOBUFS)
            }
            #expect(sender.send(Self.question + rest, on: v0) == 0)
            gate.open()
            for frame in [Self.claim + rest, Self.claim6 + rest, Frames.ethernet(0x0800, [0x45])] {
                #expect(sender.send(frame, on: v0) == 0)
            }
        }
    }

    @Test("lets filters behind it have their say, and leaves them be when it goes")
    func others() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let v0 = try interface("v0")
            #expect(run("tc qdisc add dev v0 clsact") == 0)
            let sender = try PacketSender()
            #expect(sender.send(Self.question, on: v0) == 0)
            for hook in ["egress", "ingress"] { Self.addDropAll(hook, priority: "2") }
            #expect(sender.send(Self.question, on: v0) == -ENOBUFS)
            try gate.attach(v0)
            gate.open()
            // Ours lets it by, and theirs still drops it.
            #expect(sender.send(Self.question, on: v0) == -ENOBUFS)
            #expect(try gate.state(v0, CGATE_LEAVING).before_us == 0)
            for hook in [CGATE_LEAVING, CGATE_ARRIVING] { #expect(cgate_detach(v0, hook) == 1) }
            #expect(cgate_detach(v0, CGATE_LEAVING) == 0)
            #expect(cgate_remove_qdisc(v0) == 0)
            #expect(sender.send(Self.question, on: v0) == -ENOBUFS)
            for hook in ["egress", "ingress"] {
                #expect(run("tc filter del dev v0 \(hook)") == 0)
                #expect(sender.send(Self.question, on: v0) == 0)
            }
            #expect(cgate_remove_qdisc(v0) == 0)
            // Now there is none: it can be made again.
            #expect(run("tc qdisc add dev v0 clsact") == 0)
        }
    }

    @Test("sees a later filter at its priority, which the kernel asks first")
    func before() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let v0 = try interface("v0")
            try gate.attach(v0)
            gate.open()
            Self.addDropAll("egress", priority: "1")
            Self.addDropAll("egress", priority: "1")
            #expect(try gate.state(v0, CGATE_LEAVING).before_us == 2)
            #expect(try gate.state(v0, CGATE_ARRIVING).before_us == 0)
            // It was asked first indeed: a closed gate counts nothing.
            gate.close()
            #expect(try PacketSender().send(Self.claim, on: v0) == -ENOBUFS)
            #expect(gate.dropped(Gate.slot).leaving == 0)
            // Whoever is behind is no risk.
            for hook in [CGATE_LEAVING, CGATE_ARRIVING] { #expect(cgate_detach(v0, hook) == 1) }
            try gate.attach(v0)
            #expect(try gate.state(v0, CGATE_LEAVING).before_us == 0)
            #expect(try PacketSender().send(Self.claim, on: v0) == -ENOBUFS)
            #expect(gate.dropped(Gate.slot).leaving == 1)
        }
    }

    /// libbpf's bpf_prog_attach, which passes types on that its headers do not name.
    private static func attachBeforeFilters(_ program: Int32, to interface: Int32) -> Int32 {
        typealias Attach = @convention(c) (Int32, Int32, UInt32, UInt32) -> Int32
        guard let symbol = unsafe dlsym(nil, "bpf_prog_attach") else { return -ENOSYS }
        let tcxEgress: UInt32 = 47
        return unsafe unsafeBitCast(symbol, to: Attach.self)(program, interface, tcxEgress, 0)
    }

    /// A kernel that knows the type looks at the program next, and there is none.
    private static let hasTCX = attachBeforeFilters(-1, to: 0) == -EBADF

    @Test(
        "sees tcx programs, which the kernel asks before any filter",
        .enabled(if: hasTCX, "tcx takes Linux 6.6")
    )
    func tcx() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let stranger = try Gate()
            let v0 = try interface("v0")
            try gate.attach(v0)
            let program = stranger.descriptor(CGATE_EGRESS)
            #expect(Self.attachBeforeFilters(program, to: v0) == 0)
            #expect(try gate.state(v0, CGATE_LEAVING).tcx == 1)
            #expect(try gate.state(v0, CGATE_ARRIVING).tcx == 0)
        }
    }

    @Test("goes on without its process, and is found again with its addresses and deadlines")
    func orphan() throws {
        try inNetworkNamespace {
            let v0 = try interface("v0")
            let sender = try PacketSender()
            let deadline: UInt64
            do {
                let gate = try Gate()
                try gate.attach(v0)
                gate.open()
                #expect(sender.send(Self.claim, on: v0) == 0)
                deadline = Gate.now + 50_000_000
                gate.set(Gate.slot, deadline: deadline)
            }
            // Nobody has a descriptor of it any more.
            #expect(wait { Gate.now > deadline })
            #expect(sender.send(Self.claim, on: v0) == -ENOBUFS)
            #expect(sender.send(Self.claim6, on: v0) == 0)

            var parts = cgate()
            #expect(unsafe cgate_find(v0, CGATE_LEAVING, &parts) == 0)
            #expect(unsafe cgate_inspect(&parts) == 1)
            let found = try Gate(parts)
            #expect(found.dropped(Gate.slot).leaving == 1)
            #expect(found.isPassed(Gate.slot) && !found.isPassed(Gate.slot6))
            #expect(found.slot(of: Frames.floating) == Gate.slot)
            #expect(found.slot(of: Frames.floating6) == Gate.slot6)
            // Its programs have to be made anew; the old ones sit there until they are replaced.
            for expected: Int32 in [1, 0] {
                #expect(try found.state(v0, CGATE_LEAVING).program != 0)
                #expect(try found.state(v0, CGATE_LEAVING).is_ours == 0)
                #expect(found.inspect { _ in } == expected)
                if expected == 1 { #expect(found.reload() == 0) }
            }
            try found.attach(v0)
            #expect(try found.state(v0, CGATE_LEAVING).is_ours == 1)
            found.open()
            #expect(sender.send(Self.claim, on: v0) == 0)
        }
    }

    @Test("is seen to be gone when its qdisc is, and put back")
    func removed() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let v0 = try interface("v0")
            #expect(try gate.state(v0, CGATE_LEAVING).program == 0)
            try gate.attach(v0)
            let state = try gate.state(v0, CGATE_LEAVING)
            #expect(
                state.program != 0 && state.is_ours == 1 && state.before_us == 0 && state.tcx == 0
            )
            #expect(try gate.state(v0, CGATE_ARRIVING).is_ours == 1)
            #expect(run("tc filter del dev v0 egress") == 0)
            #expect(try gate.state(v0, CGATE_LEAVING).program == 0)
            #expect(try gate.state(v0, CGATE_ARRIVING).is_ours == 1)
            #expect(run("tc qdisc del dev v0 clsact") == 0)
            #expect(try gate.state(v0, CGATE_ARRIVING).program == 0)
            var parts = cgate()
            #expect(unsafe cgate_find(v0, CGATE_LEAVING, &parts) == -ENOENT)
            try gate.attach(v0)
            #expect(try gate.state(v0, CGATE_LEAVING).is_ours == 1)
        }
    }

    @Test("is put in place of another gate without a moment between")
    func replaced() throws {
        try inNetworkNamespace {
            let v0 = try interface("v0")
            let first = try Gate()
            let second = try Gate()
            try first.attach(v0)
            let before = try first.state(v0, CGATE_LEAVING)
            try second.attach(v0)
            let after = try second.state(v0, CGATE_LEAVING)
            #expect(after.is_ours == 1 && after.program != before.program && after.before_us == 0)
            #expect(try first.state(v0, CGATE_LEAVING).is_ours == 0)
            #expect(try PacketSender().send(Self.claim, on: v0) == -ENOBUFS)
            #expect(first.dropped(Gate.slot).leaving == 0)
            #expect(second.dropped(Gate.slot).leaving == 1)
        }
    }

    @Test("tells why it can't be attached")
    func refused() throws {
        try inNetworkNamespace {
            let gate = try Gate()
            let v0 = try interface("v0")
            // Its filters for egress would land at ingress.
            #expect(run("tc qdisc add dev v0 ingress") == 0)
            for hook in [CGATE_LEAVING, CGATE_ARRIVING] {
                #expect(gate.attach(v0, at: hook) == -EEXIST)
                #expect(cgate_detach(v0, hook) == 0)
            }
            #expect(cgate_remove_qdisc(v0) == 0)
            #expect(run("tc qdisc del dev v0 ingress") == 0)
            // Somebody's filter of one protocol only has the priority.
            #expect(run("tc qdisc add dev v0 clsact") == 0)
            let other = "tc filter add dev v0 egress protocol ip prio 1 bpf direct-action bytecode"
            #expect(run(other, "1,6 0 0 0") == 0)
            #expect(gate.attach(v0, at: CGATE_LEAVING) == -EINVAL)
            #expect(gate.attach(v0, at: CGATE_ARRIVING) == 0)
            // And an interface that is gone.
            #expect(run("ip link del v0") == 0)
            for hook in [CGATE_LEAVING, CGATE_ARRIVING] {
                #expect(gate.attach(v0, at: hook) == -ENODEV)
                #expect(throws: Gate.Failure.self) { try gate.state(v0, hook) }
                #expect(cgate_detach(v0, hook) == 0)
            }
            #expect(cgate_remove_qdisc(v0) == 0)
        }
    }

    @Test("reads what leaves a tun interface, whose frames have no header")
    func tun() throws {
        try inNetworkNamespace {
            #expect(run("ip tuntap add t0 mode tun") == 0)
            #expect(run("ip link set t0 up") == 0)
            let gate = try Gate()
            let t0 = try interface("t0")
            try gate.attach(t0, isBare: true)
            for hook in [CGATE_LEAVING, CGATE_ARRIVING] {
                #expect(try gate.state(t0, hook, isBare: true).is_ours == 1)
                #expect(try gate.state(t0, hook).is_ours == 0)
            }
            let sender = try PacketSender()
            let answer = Frames.ipv4(source: Frames.floating, destination: Frames.other)
            let answer6 = Frames.ipv6(source: Frames.floating6, destination: Frames.other6)
            let request = Frames.ipv4(source: Frames.other, destination: Frames.floating)
            #expect(sender.send(answer, on: t0) == -ENOBUFS)
            #expect(sender.send(answer6, on: t0) == -ENOBUFS)
            #expect(sender.send(request, on: t0) == 0)
            gate.open()
            for packet in [answer, answer6, request] { #expect(sender.send(packet, on: t0) == 0) }
        }
    }
}
