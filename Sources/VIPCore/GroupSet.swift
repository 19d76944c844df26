/// Some of an agent's groups, by their indices in the order of their ids.
struct GroupSet: Equatable, Sequence, Sendable {
    private(set) var words: [UInt64]

    /// None of `count`.
    init(count: Int) {
        words = Array(repeating: 0, count: (count + 63) / 64)
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    subscript(index: Int) -> Bool {
        get { words[index >> 6] & 1 << (index & 63) != 0 }
        set {
            if newValue {
                words[index >> 6] |= 1 << (index & 63)
            } else {
                words[index >> 6] &= ~(1 << (index & 63))
            }
        }
    }

    mutating func formUnion(_ other: GroupSet) {
        for word in words.indices { words[word] |= other.words[word] }
    }

    mutating func removeAll() {
        for word in words.indices { words[word] = 0 }
    }

    /// In their order.
    struct Iterator: IteratorProtocol {
        fileprivate let words: [UInt64]
        fileprivate var word = 0
        fileprivate var rest: UInt64

        mutating func next() -> Int? {
            while rest == 0 {
                word += 1
                guard word < words.count else { return nil }
                rest = words[word]
            }
            defer { rest &= rest - 1 }
            return word << 6 + rest.trailingZeroBitCount
        }
    }

    func makeIterator() -> Iterator { Iterator(words: words, rest: words.first ?? 0) }
}
