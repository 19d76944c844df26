import CNetlink
import Glibc

/// Where this process's program was started from: the path under which the next version of it will
/// be, once a package has put it there.
///
/// `/proc/self/exe` does not say that: it follows the file that runs, which by then is deleted, and
/// it has resolved every link on the way.
package enum ProgramPath {
    /// - Parameters:
    ///   - name: what the process was called by whoever started it, `argv[0]`.
    ///   - searchPath: `PATH`, for a name without a slash.
    ///   - directory: where the process was started.
    /// - Returns: what the name may mean, best first; each an absolute path.
    package static func candidates(
        _ name: String,
        searchPath: String?,
        directory: String
    ) -> [String] {
        guard !name.isEmpty else { return [] }
        guard !name.contains("/") else { return [absolute(name, in: directory)] }
        let directories = (searchPath ?? "/usr/bin:/bin")
            .split(separator: ":", omittingEmptySubsequences: false)
        return directories.map { searched in
            // An empty directory is the current one.
            absolute(searched.isEmpty ? name : "\(searched)/\(name)", in: directory)
        }
    }

    /// The first of the candidates that leads to the program that runs, and otherwise where the
    /// kernel says that it is. To be asked before anybody can have replaced it.
    package static func ofThisProcess(
        arguments: [String] = CommandLine.arguments,
        environment: (String) -> String? = ServiceNotifier.variable
    ) -> String {
        let running = "/proc/self/exe"
        let named = candidates(
            arguments.first ?? "",
            searchPath: environment("PATH"),
            directory: currentDirectory()
        )
        return named.first { isSameFile($0, running) } ?? target(of: running) ?? running
    }

    private static func absolute(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory == "/" ? "" : directory)/\(path)"
    }

    private static func currentDirectory() -> String {
        target(of: "/proc/self/cwd") ?? "/"
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let room = buffer.count
        let count = unsafe buffer.withUnsafeMutableBytes { buffer in
            unsafe readlink(link, buffer.bindMemory(to: CChar.self).baseAddress!, room)
        }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    private static func isSameFile(_ left: String, _ right: String) -> Bool {
        var (first, second) = (stat(), stat())
        return unsafe stat(left, &first) == 0 && stat(right, &second) == 0
            && first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
