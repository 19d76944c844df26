/// What the kernel tells of links and addresses without being asked.
package enum NetworkNotice: Equatable, Sendable {
    /// A link is new, or something about it has changed.
    case link(Link)
    case linkGone(index: Int32, name: String)
    /// An address is new, or its lifetime or its flags have changed.
    case address(InterfaceAddress)
    case addressGone(InterfaceAddress)
    /// The kernel had more to say than there was room for: what is known is no longer true, and the
    /// kernel has to be asked for everything again. All that was told before the loss comes before
    /// this.
    case overrun
}
