import CNetlink
import Glibc

/// A program of classic BPF that the kernel asks about each datagram before it is queued: what it
/// refuses costs no copy, no wake-up and no place in the socket's buffer.
package struct SocketFilter: Sendable {
    package let instructions: [vip_instruction]

    /// Octets of the UDP header, which the program sees before the datagram's own.
    private static let headerLength: UInt32 = 8

    /// Lets datagrams through that have so many octets and begin with this word; of the others one
    /// in `sampleRate`, so that who sends them is still told of.
    ///
    /// The jumps count the instructions that they leave out.
    package init(lengths: ClosedRange<Int>, beginningWith word: UInt32, sampleRate: UInt32) {
        precondition(sampleRate > 0, "a sample is one of some")
        let header = Self.headerLength
        let shortest = header + UInt32(lengths.lowerBound)
        let longest = header + UInt32(lengths.upperBound)
        instructions = [
            Self.instruction(Code.loadLength),
            Self.instruction(Code.jumpIfGreater, ifTrue: 4, ifFalse: 0, longest),
            Self.instruction(Code.jumpIfAtLeast, ifTrue: 0, ifFalse: 3, shortest),
            Self.instruction(Code.loadWord, header),
            Self.instruction(Code.jumpIfEqual, ifTrue: 0, ifFalse: 1, word),
            Self.instruction(Code.return, .max),
            Self.instruction(Code.loadWord, Code.random),
            Self.instruction(Code.modulo, sampleRate),
            Self.instruction(Code.jumpIfEqual, ifTrue: 0, ifFalse: 1, 0),
            Self.instruction(Code.return, .max),
            Self.instruction(Code.return, 0),
        ]
    }

    /// Sums of linux/bpf_common.h and linux/filter.h, whose macros Swift does not see.
    private enum Code {
        static let loadLength: UInt16 = 0x00 | 0x00 | 0x80
        static let loadWord: UInt16 = 0x00 | 0x00 | 0x20
        static let jumpIfEqual: UInt16 = 0x05 | 0x10
        static let jumpIfGreater: UInt16 = 0x05 | 0x20
        static let jumpIfAtLeast: UInt16 = 0x05 | 0x30
        static let modulo: UInt16 = 0x04 | 0x90
        static let `return`: UInt16 = 0x06
        /// SKF_AD_OFF + SKF_AD_RANDOM, to be loaded from.
        static let random = UInt32(bitPattern: -0x1000 + 56)
    }

    private static func instruction(
        _ code: UInt16,
        ifTrue: UInt8 = 0,
        ifFalse: UInt8 = 0,
        _ operand: UInt32 = 0
    ) -> vip_instruction {
        vip_instruction(code: code, if_true: ifTrue, if_false: ifFalse, operand: operand)
    }
}
