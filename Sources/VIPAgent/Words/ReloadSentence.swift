/// Why a reload or an upgrade is refused, in short. The agent goes on as it is.
package enum ReloadSentence: String, Sentence {
    // The files.
    case otherKind = "… is no longer what it was"
    case unreadable = "the configuration can't be read"
    case unusable = "the configuration can't be used"
    case changing = "… keeps changing"

    // The program, and this host in its eyes.
    case unrunnable = "… can't be run"
    case noSuccessor = "… can't take over"
    case otherRole = "… can't become a … while it runs"

    // What the agent does now.
    case stopping = "the agent is stopping"
    case forced = "a group is owned by force, and that ends with the program"
    case pageGone = "… is gone, or another file now"

    // What this host lacks.
    case interfaceLost = "a group would lose its interface"
    case leaseUnwritten = "the longer lease can't be written to the state directory"
    case portTaken = "a port can't be had"
    case noMemory = "there is no memory to hand over"
    case noDescriptors = "no descriptors to rehearse with"
    case noThread = "no thread to check it in"
}
