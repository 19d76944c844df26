import VIPNet

/// An interface by one of its names, as a configuration has it: the kernel knows interfaces by
/// number, and a group is on the link that has the name.
package struct WatchedInterface: Sendable {
    package let name: String
    /// The indices of the groups that are to be on it.
    package let groups: [Int]
    /// Known by its number while it exists and has that name.
    package private(set) var link: Link?
    /// The link that had the name, and was renamed since.
    package private(set) var renamed: Link?

    init(name: String, groups: [Int]) {
        (self.name, self.groups) = (name, groups)
    }

    package var isUsable: Bool { link?.isUsable ?? false }

    /// What a notification about a link means.
    enum Change: Equatable {
        case none
        /// The same link, with something else about it.
        case changed(from: Link)
        /// It has come, or got its name.
        case arrived
        /// It has gone, or lost its name; whether another has that name by now makes no
        /// difference to what is on this one.
        case departed
        /// Another has the name, all at once.
        case replaced
    }

    mutating func update(_ new: Link) -> Change {
        let isOurs = new.isCalled(name)
        guard let old = link else {
            if isOurs { (link, renamed) = (new, nil) }
            if renamed?.index == new.index { renamed = new }
            return isOurs ? .arrived : .none
        }
        if old.index == new.index {
            (link, renamed) = isOurs ? (new, nil) : (nil, new)
            return isOurs ? .changed(from: old) : .departed
        }
        guard isOurs else { return .none }
        link = new
        return .replaced
    }

    /// - Returns: Whether it was this one.
    mutating func lose(_ number: Int32) -> Bool {
        if renamed?.index == number { renamed = nil }
        guard link?.index == number else { return false }
        link = nil
        return true
    }

    /// All links, asked for anew.
    mutating func update(_ links: [Link]) -> Change {
        let old = link ?? renamed
        let was = link
        link = links.first { $0.isCalled(name) }
        renamed = link == nil ? links.first { $0.index == old?.index } : nil
        return switch (was, link) {
        case (nil, nil): .none
        case (nil, .some): .arrived
        case (.some, nil): .departed
        case (.some(let was), .some(let link)):
            was.index == link.index ? .changed(from: was) : .replaced
        }
    }
}
