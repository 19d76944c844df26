import VIPCore

/// What one group has to do with the kernel.
struct GroupPlace {
    let id: GroupID
    let name: String
    let interface: String
    var addresses: GroupAddresses
    /// For those who announce them, and look for others who do.
    let permit: AnnouncementPermit
    var link: Link?
    /// What the core was last told.
    var reportedUp: Bool?
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

    /// On its interface the kernel has every address.
    var isComplete: Bool { link.map { addresses.areComplete(on: $0.index) } ?? false }
}
