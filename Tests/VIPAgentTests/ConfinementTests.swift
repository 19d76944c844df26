import CNetlink
import Glibc
import Testing
import VIPAgent

/// A reader of classic BPF, as far as the filter uses it (net/core/filter.c).
private func verdict(
    _ program: [sock_filter],
    _ number: Int,
    _ arguments: [UInt64] = [],
    architecture: UInt32 = UInt32(truncatingIfNeeded: vip_native_architecture)
) -> UInt32? {
    var data: [UInt8] = []
    func put(_ value: UInt64, _ count: Int) {
        for shift in 0..<count {
            data.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8)))
        }
    }
    put(UInt64(UInt32(truncatingIfNeeded: number)), 4)
    put(UInt64(architecture), 4)
    put(0, 8)
    for index in 0..<6 { put(index < arguments.count ? arguments[index] : 0, 8) }
    var accumulator: UInt32 = 0
    var at = 0
    while at < program.count {
        let step = program[at]
        at += 1
        switch Int32(step.code) {
        case BPF_LD | BPF_W | BPF_ABS:
            let offset = Int(step.k)
            accumulator = (0..<4).reduce(0) { $0 | UInt32(data[offset + $1]) << UInt32($1 * 8) }
        case BPF_JMP | BPF_JEQ | BPF_K: at += Int(accumulator == step.k ? step.jt : step.jf)
        case BPF_JMP | BPF_JGE | BPF_K: at += Int(accumulator >= step.k ? step.jt : step.jf)
        case BPF_RET | BPF_K: return step.k
        default: return nil
        }
    }
    return nil
}

@Suite("The agent's own filter of system calls")
struct ConfinementTests {
    private static let allow: UInt32 = 0x7fff_0000
    private static let refuse: UInt32 = 0x0005_0001

    private var program: [sock_filter] {
        var instructions = [sock_filter](
            repeating: sock_filter(),
            count: Int(vip_most_filter_instructions)
        )
        let count = unsafe vip_filter_program(&instructions)
        return Array(instructions.prefix(Int(count)))
    }

    @Test("lets netlink for routes pass, and no other")
    func netlink() {
        let call = Int(SYS_socket)
        for domain in [AF_INET, AF_INET6, AF_UNIX, AF_PACKET] {
            #expect(verdict(program, call, [UInt64(domain), 3, 12]) == Self.allow)
        }
        #expect(verdict(program, call, [16, 3, 0]) == Self.allow)
        for family: UInt64 in [4, 6, 9, 12, 16, 1000, 0xFFFF_FFFF] {
            #expect(verdict(program, call, [16, 3, family]) == Self.refuse)
        }
        // The kernel looks at the lower halves alone.
        #expect(verdict(program, call, [0x1_0000_0010, 3, 0x1_0000_000C]) == Self.refuse)
    }

    @Test("lets the gate be loaded, and nothing be attached by bpf")
    func bpf() {
        let refused: Set<UInt64> = [8, 17, 28]
        for command: UInt64 in 0..<40 {
            #expect(
                verdict(program, Int(SYS_bpf), [command])
                    == (refused.contains(command) ? Self.refuse : Self.allow),
                "command \(command)"
            )
        }
    }

    @Test("lets every other call pass, but io_uring's and those of other architectures")
    func others() {
        for number in 0..<470 where ![425, Int(SYS_socket), Int(SYS_bpf)].contains(number) {
            #expect(verdict(program, number, [16, 3, 12]) == Self.allow)
        }
        #expect(verdict(program, 425) == Self.refuse)
        #expect(verdict(program, 0x4000_0000 + Int(SYS_socket), [16, 3, 0]) == Self.refuse)
        #expect(verdict(program, -1) == Self.refuse)
        // AUDIT_ARCH_I386: its numbers are others'.
        #expect(verdict(program, Int(SYS_read), architecture: 0x4000_0003) == Self.refuse)
    }
}
