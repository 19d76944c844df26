import VIPCore
import VIPNet
import VIPPlatform

/// What one group has to do with the kernel.
package struct GroupPlace {
    let id: GroupID
    let name: String
    /// As the configuration calls it: one of its names.
    let interface: String
    package var addresses: GroupAddresses
    /// For those who announce them, and look for others who do.
    let permit: AnnouncementPermit
    /// Known by its number while it exists, as the kernel knows it, and as long as it has that
    /// name.
    package private(set) var link: Link?
    /// The link that was it, and was renamed since.
    private(set) var renamed: Link?
    /// What the core was last told.
    var reportedUp: Bool?
    var reportedAddressable = true
    var reportedAnswering = true
    /// An answer that is still owed: addresses could not be removed yet.
    var removal: UInt64?
    /// Ours to refresh: since `add`, until `remove`.
    var wanted = false
    /// Its addresses are off, and a frame that announces one may still be on its way: when that is
    /// over, the core hears of it by this number.
    var silence: UInt64?
    /// Orders that the worker has not carried out yet.
    var orders = 0
    /// Whether somebody else has undone a part of them meanwhile.
    var isDisturbed = false
    var look = Look()

    var interfaceIsUp: Bool { link?.isUsable ?? false }

    /// What a notification about a link means to this group.
    enum LinkChange {
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

    mutating func take(_ new: Link) -> LinkChange {
        let isOurs = new.isCalled(interface)
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

    /// - Returns: Whether it was this group's.
    mutating func lose(_ number: Int32) -> Bool {
        if renamed?.index == number { renamed = nil }
        guard link?.index == number else { return false }
        link = nil
        return true
    }

    /// All links, asked for anew.
    mutating func take(_ links: [Link]) -> LinkChange {
        let old = link ?? renamed
        let was = link
        link = links.first { $0.isCalled(interface) }
        renamed = link == nil ? links.first { $0.index == old?.index } : nil
        return switch (was, link) {
        case (nil, nil): .none
        case (nil, .some): .arrived
        case (.some, nil): .departed
        case (.some(let was), .some(let link)):
            was.index == link.index ? .changed(from: was) : .replaced
        }
    }

    /// On its interface the kernel has every address.
    var isComplete: Bool { link.map { addresses.areComplete(on: $0.index) } ?? false }
}
