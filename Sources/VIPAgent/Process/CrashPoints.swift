#if VIP_CRASH_POINTS
    import Glibc
    import VIPCore

    /// The points between two effects, and the order to die at one of them. Only in the build that
    /// tests it: what is shipped has nothing of this.
    ///
    /// In the directory that `VIP_CRASH_POINTS` names, every point that is passed for the first
    /// time gets a line in the file `passed`. The file `order` is mapped, and has three numbers:
    /// the hash of the point to die at, 0 for none; how often to pass it before; and one that is
    /// changed to have all points noted anew. Whoever gives the order can do so at any time; the
    /// process revokes it and then kills itself, so that its successor lives.
    @safe
    struct CrashPoints {
        private let order: UnsafeMutablePointer<UInt64>
        private let passed: Int32
        private var known: Set<String> = []
        private var round: UInt64 = 0
        /// The event that is being handled, and the kinds of the effects so far.
        private var path = ""
        private var last = ""

        init?() {
            guard let name = unsafe getenv("VIP_CRASH_POINTS") else { return nil }
            let directory = unsafe String(cString: name)
            let file = unsafe open("\(directory)/order", O_RDWR | O_CLOEXEC)
            passed = unsafe open(
                "\(directory)/passed",
                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                0o644
            )
            guard file >= 0, passed >= 0,
                let memory = unsafe mmap(nil, 24, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
                unsafe memory != MAP_FAILED
            else { preconditionFailure("\(directory) has no order to map, or can't be written") }
            close(file)
            unsafe order = memory.assumingMemoryBound(to: UInt64.self)
        }

        mutating func begin(_ event: Event) {
            path = Self.kind(of: event) + ":"
            last = ""
        }

        mutating func pass(before effect: Effect) {
            let kind = "\(Mirror(reflecting: effect).children.first?.label ?? "\(effect)")"
            pass("\(path) | \(kind)")
            // Thirty frames in a row are one kind of point.
            if kind != last { path += " \(kind)" }
            last = kind
        }

        mutating func passEnd() {
            pass("\(path) |")
        }

        /// Any other point, by its name.
        mutating func pass(_ point: String) {
            if unsafe order[2] != round {
                unsafe round = order[2]
                known = []
            }
            if known.insert(point).inserted {
                let line = Array("\(point)\n".utf8)
                _ = unsafe write(passed, line, line.count)
            }
            guard unsafe order[0] == Self.hash(point) else { return }
            if unsafe order[1] > 0 {
                unsafe order[1] -= 1
                return
            }
            unsafe order[0] = 0
            kill(getpid(), SIGKILL)
        }

        /// FNV-1a, as the lab has it too.
        private static func hash(_ text: String) -> UInt64 {
            text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }

        /// Of a frame, the kinds of its records too: what a handler does depends on them. What a
        /// voter tells of itself besides comes and goes by the clock, and leads nowhere else.
        private static func kind(of event: Event) -> String {
            if case .received(let frame) = event {
                var kinds: [String] = []
                for record in frame.records {
                    let kind = Mirror(reflecting: record).children.first?.label ?? "\(record)"
                    if !kinds.contains(kind) { kinds.append(kind) }
                }
                let others = kinds.filter { $0 != "presence" && $0 != "condition" }
                if !others.isEmpty { kinds = others }
                return "received(\(kinds.sorted().joined(separator: ",")))"
            }
            if case .command(let command, _) = event {
                let kind = Mirror(reflecting: command).children.first?.label ?? "\(command)"
                return "command(\(kind))"
            }
            return Mirror(reflecting: event).children.first?.label ?? "\(event)"
        }
    }
#endif
