import Foundation

/// A directory of its own for one test, gone with it.
public final class ScratchDirectory: Sendable {
    public let path: String

    public init() {
        var template = Array("/tmp/vip-test-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { fatalError("cannot make a directory in /tmp: errno \(errno)") }
        path = made
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}
