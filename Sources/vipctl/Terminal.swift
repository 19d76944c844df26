import ArgumentParser
import Glibc
import VIPControl

/// The world on the other side of the descriptors.
enum Terminal {
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// What standard output can show.
    static var presentation: Presentation {
        guard isInteractive else { return Presentation() }
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Presentation(
            width: isKnown ? Int(size.ws_col) : nil,
            isColoured: environment("NO_COLOR") == nil && environment("TERM") != "dumb"
        )
    }

    /// A variable of the environment; an empty one counts as not set.
    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Gives the place of a standard descriptor that was closed to one that can't be written: the
    /// control socket would get its number, and be sent the page.
    static func occupyStandardDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
            _ = unsafe open("/dev/null", O_RDONLY)
        }
    }

    /// Shows all of it in one go, so that a page is never seen half. An answer that nobody gets
    /// must not look like one that all is well.
    static func write(_ text: String) {
        guard let code = write(text, to: STDOUT_FILENO) else { return }
        let reason = unsafe String(cString: strerror(code))
        complain("the answer can't be written to standard output: \(reason)")
        Glibc.exit(ExitCode.unreachable.rawValue)
    }

    /// A line on standard error.
    static func complain(_ text: String) {
        _ = write("vipctl: \(text)\n", to: STDERR_FILENO)
    }

    /// What went wrong, as a number of errno.
    private static func write(_ text: String, to descriptor: Int32) -> Int32? {
        let octets = Array(text.utf8)
        var written = 0
        while written < octets.count {
            let count = unsafe octets.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + written, octets.count - written)
            }
            guard count >= 0 || errno == EINTR else { return errno }
            written += max(count, 0)
        }
        return nil
    }

    /// Makes Ctrl-C and SIGTERM a way to say "enough": status 0, on a line of its own. There is
    /// nothing to clean up, and the handler calls only what a handler may.
    static func endCleanlyWhenInterrupted() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if isatty(STDOUT_FILENO) == 1 {
                    var lineFeed: UInt8 = 0x0A
                    _ = unsafe Glibc.write(STDOUT_FILENO, &lineFeed, 1)
                }
                _exit(0)
            }
        }
    }

    static func sleep(seconds: Double) {
        let whole = seconds.rounded(.down)
        var rest = timespec(tv_sec: Int(whole), tv_nsec: Int((seconds - whole) * 1e9))
        while true {
            var wanted = rest
            guard unsafe nanosleep(&wanted, &rest) != 0, errno == EINTR else { return }
        }
    }
}
