/// What is going to happen in the world. All payloads are plain numbers: a frame on its way, the
/// largest thing there is, waits in a table.
enum Happening {
    case deliver(slot: Int)
    /// The BOOTTIME timer of a process.
    case timer(host: Int, life: Int, serial: Int)
    /// A process goes on after a stall.
    case proceed(host: Int, life: Int)
    /// SIGCONT.
    case awaken(host: Int, life: Int)
    /// The supervisor starts the agent.
    case launch(host: Int, boot: Int)
    /// The second kill, soon after the page was lost.
    case killAgain(host: Int, boot: Int)
    /// The kernel gets round to the next thing that it was asked for; and its answer is there.
    case kernel(host: Int, boot: Int)
    case kernelAnswer(host: Int, life: Int)
    /// The kernel has told something without being asked.
    case netlink(host: Int, life: Int)
    /// No announcement of the group is on its way any more.
    case silent(host: Int, life: Int, group: Int)
    /// An interface is there again, by its name.
    case restoreLink(host: Int, boot: Int, path: Int)
    /// Somebody goes on taking and putting addresses of a group.
    case flap(host: Int, boot: Int, group: Int, left: Int)
    case tellHealth(host: Int, life: Int, group: Int)
    /// `valid_lft` has passed.
    case expire(host: Int, boot: Int, group: Int, serial: Int)
    /// The start looks whether its gate has come; the worker does the next thing, or looks where
    /// the gate sits; and it can be put everywhere from now on.
    case awaitGate(host: Int, life: Int)
    case gateWork(host: Int, life: Int)
    case watchGate(host: Int, life: Int)
    case mendGate(host: Int, boot: Int)
    /// An operator takes over by force, after a while.
    case force(host: Int, boot: Int, group: Int)
    /// The state directory is written.
    case writeDirectory(host: Int, boot: Int)
    case slew(host: Int)
    case resume(host: Int, boot: Int)
    case powerOn(host: Int, boot: Int)
    case carrier(host: Int, path: Int, serial: Int)
    case mend(from: Int, to: Int, path: Int, serial: Int)
    case unclog(from: Int, to: Int, path: Int, serial: Int)
    case fault(Fault)
    /// All faults end.
    case heal
    /// By now everybody must be served.
    case demand
    case end
}

/// What is to come, in the order of time; what comes at one time, in the order in which it was
/// planned.
struct EventQueue {
    private struct Entry {
        var time: TrueTime
        var sequence: UInt64
        var happening: Happening

        func comes(before other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }

    private var heap: [Entry] = []
    private var sequence: UInt64 = 0

    var next: TrueTime? { heap.first?.time }

    mutating func add(_ happening: Happening, at time: TrueTime) {
        let entry = Entry(time: time, sequence: sequence, happening: happening)
        sequence += 1
        heap.append(entry)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry.comes(before: heap[parent]) else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = entry
    }

    mutating func removeFirst() -> (time: TrueTime, happening: Happening)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.time, first.happening) }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].comes(before: heap[child]) { child += 1 }
            guard heap[child].comes(before: last) else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return (first.time, first.happening)
    }
}
