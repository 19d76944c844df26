/// How fast the frames leave that tell the neighbours where addresses are.
///
/// A card and a switch take millions of them a second. The neighbours are what has to keep up:
/// Linux drops what comes in while 1,000 frames (`net.core.netdev_max_backlog`) wait for a
/// processor, and the processor of a switch, which may look at each of these frames itself, takes
/// some thousands a second before it drops others.
public enum AnnouncementPace {
    /// Frames in a millisecond while addresses that have just come are announced for the first
    /// time: clients wait for them. That is 20 Mbit/s.
    public static let framesPerMillisecond = 32

    /// The same of all later rounds, for which nobody waits.
    public static let laterFramesPerMillisecond = 8

    /// How long it takes until each of so many addresses has been announced by one frame.
    public static func firstFrames(of addresses: Int) -> Duration {
        .milliseconds((addresses + framesPerMillisecond - 1) / framesPerMillisecond)
    }
}
