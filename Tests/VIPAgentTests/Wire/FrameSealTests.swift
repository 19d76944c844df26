import Foundation
import Testing
import VIPAgent
import VIPCore
import VIPTestSupport

@Suite("The seal on a frame")
struct FrameSealTests {
    static let cluster: UInt64 = 0x0102_0304_0506_0708
    static let oldKey = [UInt8](repeating: 0x0B, count: 32)
    static let newKey = (0..<32).map { UInt8($0) }
    static let foreignKey = [UInt8](repeating: 0xAA, count: 32)

    let seal = FrameSeal(cluster: Self.cluster, key: Self.oldKey)

    static let frame = Frame(
        cluster: cluster,
        voterSet: 0x1112_1314_1516_1718,
        sender: HostID(0x2122_2324_2526_2728),
        receiver: HostID(0x3132_3334_3536_3738),
        session: 0x4142_4344_4546_4748,
        sequence: 0x5152_5354_5556_5758,
        proof: 0x6162_6364_6566_6768,
        challenge: 0x7172_7374_7576_7778,
        path: 1,
        sentAt: 0x8182_8384_8586_8788,
        echo: 0x9192_9394_9596_9798,
        records: [.inquiry(Inquiry(group: GroupID(1), number: 2, highestTerm: Term(3)))]
    )

    private func sealed(_ frame: Frame = Self.frame, by seal: FrameSeal) -> [UInt8] {
        var octets: [UInt8] = []
        seal.seal(frame, into: &octets)
        return octets
    }

    private func opened(_ octets: [UInt8], by seal: FrameSeal) throws -> Frame {
        try seal.open(octets.span)
    }

    private func refusal(of octets: [UInt8], by seal: FrameSeal) -> OpenError? {
        do throws(OpenError) {
            _ = try seal.open(octets.span)
            return nil
        } catch {
            return error
        }
    }

    @Test("what was sealed opens to the same frame")
    func roundTrip() throws {
        let octets = sealed(by: seal)
        #expect(octets.count == 152)
        #expect(try seal.open(octets.span) == Self.frame)
    }

    @Test("the tag is the HMAC-SHA-256 that Python's hmac makes of the same octets")
    func golden() {
        let octets = sealed(by: seal)
        #expect(octets[5] == 0x06)
        #expect(
            Array(octets.suffix(32)) == [
                0x60, 0xD5, 0x43, 0xA3, 0x86, 0xA4, 0x93, 0x2A,
                0x48, 0xC3, 0x7D, 0xF0, 0x56, 0x37, 0x33, 0x47,
                0xAF, 0x29, 0x1E, 0xA4, 0x40, 0xDC, 0x8C, 0x66,
                0xD3, 0x43, 0x65, 0x25, 0xFE, 0x55, 0x51, 0x4D,
            ]
        )
    }

    @Test("the example in docs/frames.md is this frame under this key")
    func documented() throws {
        let lines = try Repository.lines(of: "docs/frames.md")
        let example = lines.drop { $0 != "## An example" }.dropFirst()
            .prefix { !$0.hasPrefix("#") }
            .filter { $0.hasPrefix("    ") }
            .flatMap { $0.split(separator: " ").compactMap { UInt8($0, radix: 16) } }
        #expect(example == sealed(by: seal))
    }

    @Test("sealing replaces what was in the array")
    func replaces() {
        var octets = [UInt8](repeating: 1, count: 2_000)
        seal.seal(Self.frame, into: &octets)
        #expect(octets == sealed(by: seal))
    }

    @Test("every single flipped bit is refused")
    func flippedBits() {
        let octets = sealed(by: seal)
        for index in octets.indices {
            for bit in 0..<8 {
                var changed = octets
                changed[index] ^= 1 << UInt8(bit)
                let reason = refusal(of: changed, by: seal)?.reason
                let expected: OpenError.Reason =
                    switch index {
                    case 0..<4: .badMagic
                    // Version 1 with its lowest bit flipped is 0, and not of the future.
                    case 4: bit == 0 ? .forged : .futureVersion
                    case 5: .unknownKey
                    case 12..<20: .otherCluster
                    default: .forged
                    }
                #expect(reason == expected, "bit \(bit) of octet \(index)")
            }
        }
    }

    @Test("every truncation is refused, and so is a longer datagram")
    func truncations() {
        let octets = sealed(by: seal)
        for length in 0..<octets.count {
            let reason = refusal(of: Array(octets.prefix(length)), by: seal)?.reason
            #expect(reason == (length < 124 ? .tooShort : .forged))
        }
        #expect(refusal(of: octets + [0], by: seal) == .forged)
        let long = octets + [UInt8](repeating: 0, count: 1_401 - octets.count)
        #expect(refusal(of: long, by: seal) == .tooLong(1_401))
    }

    @Test("a frame under another key is refused, also if it claims to be under ours")
    func wrongKey() {
        var octets = sealed(by: FrameSeal(cluster: Self.cluster, key: Self.foreignKey))
        #expect(refusal(of: octets, by: seal) == .unknownKey(octets[5]))
        octets[5] = sealed(by: seal)[5]
        #expect(refusal(of: octets, by: seal) == .forged)
    }

    @Test("in every step of a rotation, hosts one step apart understand each other")
    func rotation() throws {
        let steps = [
            FrameSeal(cluster: Self.cluster, key: Self.oldKey),
            FrameSeal(cluster: Self.cluster, key: Self.oldKey, other: Self.newKey),
            FrameSeal(cluster: Self.cluster, key: Self.newKey, other: Self.oldKey),
            FrameSeal(cluster: Self.cluster, key: Self.newKey),
        ]
        for (earlier, later) in zip(steps, steps.dropFirst()) {
            #expect(try opened(sealed(by: earlier), by: later) == Self.frame)
            #expect(try opened(sealed(by: later), by: earlier) == Self.frame)
        }
        #expect(refusal(of: sealed(by: steps[0]), by: steps[3])?.reason == .unknownKey)
    }

    @Test("two keys with one fingerprint are both tried")
    func collision() throws {
        // Found by search: both have the fingerprint of the key of 32 octets 0x0B.
        let twin = [UInt8](repeating: 0x0C, count: 30) + [0x01, 0x50]
        let both = FrameSeal(cluster: Self.cluster, key: twin, other: Self.oldKey)
        #expect(sealed(by: both)[5] == sealed(by: seal)[5])
        #expect(try opened(sealed(by: seal), by: both) == Self.frame)
        #expect(try opened(sealed(by: both), by: both) == Self.frame)
        #expect(refusal(of: sealed(by: both), by: seal) == .forged)
    }

    @Test("a frame of another cluster is told apart before its key is")
    func otherCluster() {
        var frame = Self.frame
        frame.cluster = 0xFFEE_DDCC_BBAA_9988
        #expect(
            refusal(of: sealed(frame, by: seal), by: seal) == .otherCluster(0xFFEE_DDCC_BBAA_9988)
        )
    }

    @Test("a frame of a future version is told apart, whatever its key")
    func futureVersion() {
        var octets = sealed(by: FrameSeal(cluster: Self.cluster, key: Self.foreignKey))
        octets[4] = 2
        #expect(refusal(of: octets, by: seal) == .futureVersion(2))
    }

    @Test("what is sealed well and is no frame is malformed, and says why")
    func malformed() {
        var frame = Self.frame
        frame.path = 4
        #expect(
            refusal(of: sealed(frame, by: seal), by: seal) == .malformed(.outOfBounds(.path, 4))
        )
    }

    @Test("a refusal says what to do")
    func advice() {
        #expect(
            OpenError.malformed(.outOfBounds(.path, 4)).description == """
                a frame with a valid signature can't be read: path 4 is out of bounds; \
                compare the versions of the two hosts
                """
        )
    }
}
