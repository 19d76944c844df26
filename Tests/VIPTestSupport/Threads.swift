import Foundation

/// Names the calling thread, and so all that it starts from now on.
public func nameThread(_ name: String) throws {
    try name.write(toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
}

/// How many threads of this process have the name.
public func threads(named name: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { thread in
        let path = "/proc/self/task/\(thread)/comm"
        return (try? String(contentsOfFile: path, encoding: .utf8)) == name + "\n"
    }
}
