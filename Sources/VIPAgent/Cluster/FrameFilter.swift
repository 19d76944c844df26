import VIPCore
import VIPPlatform

extension SocketFilter {
    /// For the ports that frames come to: lets through what has a frame's length and begins like
    /// one. Everything else is only told of, and one in 256 is enough for that: a flood of it then
    /// costs the agent next to nothing, and takes no place from the frames of the voters.
    ///
    /// A frame of a later version, of another cluster or with another key passes. A host that is
    /// set up wrongly sends those, and each of them is counted by its reason.
    package static let frames = SocketFilter(
        lengths: Frame.headerLength + Frame.tagLength...Frame.octetLimit,
        beginningWith: Frame.magic,
        sampleRate: 256
    )
}
