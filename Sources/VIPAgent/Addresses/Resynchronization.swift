import VIPNet
import VIPPlatform

/// Asks the kernel for all that it has, without waiting for it: at the start, and after it has lost
/// a notification.
///
///     none --wanted--> due --asked--> under way --answered--> none
///                       ^                |
///                       +----refused-----+---wanted meanwhile: once more, after the answer
///
/// The answer is true of some instant after the question, and nobody knows of which. What the
/// kernel has told of a link or an address since the question is a part of the answer, or newer:
/// so the last of it counts, and the answer for all of which nothing was told.
package struct Resynchronization {
    /// All links and addresses.
    package struct Picture: Equatable, Sendable {
        package var links: [Link]
        package var addresses: [InterfaceAddress]

        package init(links: [Link], addresses: [InterfaceAddress]) {
            (self.links, self.addresses) = (links, addresses)
        }
    }

    fileprivate struct Question {
        let id: UInt64
        /// The last that was told since it was asked; nil of what has gone.
        var links: [Int32: Link?] = [:]
        var addresses: [InterfaceAddress.Place: InterfaceAddress?] = [:]
        /// More was told than is kept: the answer could undo it, and is not used.
        var isSpoilt = false
    }

    /// Links and addresses of which is kept what was told since a question. A kernel that is slow
    /// to answer is slow to change them too, so that this is never near.
    package static let mostTold = 65_536
    /// How long to wait after the kernel has refused to answer, in nanoseconds.
    package static let pause: Int64 = 1_000_000_000

    private var question: Question?
    private var wantedAt: Int64?

    package init() {}

    package var isUnderWay: Bool { question != nil }

    /// When to ask, on CLOCK_BOOTTIME; nil while nothing is wanted, or a question is under way.
    package var dueAt: Int64? { question == nil ? wantedAt : nil }

    /// What is known is not all that there is. However often this comes while a question is under
    /// way, one follows it.
    package mutating func want(at now: Int64) { wantedAt = wantedAt ?? now }

    package mutating func asked(_ id: UInt64) {
        question = Question(id: id)
        wantedAt = nil
    }

    /// The kernel has told this, in the order of its telling.
    package mutating func note(_ event: RouteMonitor.Event) { question?.note(event) }

    /// Whether a completion is the answer to the question that is under way.
    package func isAnswer(_ id: UInt64) -> Bool { question?.id == id }

    /// What the kernel has by now, as far as it has told; nil where it is to be asked once more
    /// before that is known.
    ///
    /// - Parameter answer: nil where it refused to say.
    package mutating func answered(_ answer: Picture?, at now: Int64) -> Picture? {
        guard let question else { return nil }
        self.question = nil
        guard var picture = answer else {
            wantedAt = now + Self.pause
            return nil
        }
        guard !question.isSpoilt else {
            wantedAt = now
            return nil
        }
        question.correct(&picture)
        return picture
    }
}

extension Resynchronization.Question {
    fileprivate mutating func note(_ event: RouteMonitor.Event) {
        switch event {
        case .link(let link): links[link.index] = .some(link)
        case .linkGone(let index, _): links[index] = .some(nil)
        case .address(let address): addresses[address.place] = .some(address)
        case .addressGone(let address): addresses[address.place] = .some(nil)
        case .overrun: break
        }
        guard links.count + addresses.count > Resynchronization.mostTold else { return }
        (links, addresses, isSpoilt) = ([:], [:], true)
    }

    fileprivate func correct(_ picture: inout Resynchronization.Picture) {
        picture.links.removeAll { links[$0.index] != nil }
        picture.links += links.values.compactMap(\.self)
        picture.addresses.removeAll { addresses[$0.place] != nil }
        picture.addresses += addresses.values.compactMap(\.self)
        // A link takes along what is on it.
        picture.addresses.removeAll { links[$0.interface] == .some(nil) }
    }
}
