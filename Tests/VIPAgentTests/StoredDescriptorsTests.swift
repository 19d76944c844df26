import Glibc
import Testing
import VIPAgent
import VIPPlatform

@Suite("Descriptors that the service manager keeps", .serialized)
struct StoredDescriptorsTests {
    /// Open descriptors with numbers in a row, far from all others.
    private func row(_ count: Int32) -> Range<Int32> {
        let first: Int32 = 700
        for number in first..<first + count { #expect(dup2(STDERR_FILENO, number) == number) }
        return first..<first + count
    }

    private func isOpen(_ number: Int32) -> Bool { fcntl(number, F_GETFD) >= 0 }

    @Test("have their names, and are not for what we start")
    func names() {
        let numbers = row(2)
        defer { for number in numbers { close(number) } }
        #expect(StoredDescriptors.claim(numbers, ["a", "b"]) == ["a": 700, "b": 701])
        #expect(numbers.allSatisfy { fcntl($0, F_GETFD) == FD_CLOEXEC })
    }

    @Test("of one name the last counts; what has no name is closed, and so is the rest")
    func others() {
        let numbers = row(4)
        defer { for number in numbers { close(number) } }
        #expect(StoredDescriptors.claim(numbers, ["a", "", "a"]) == ["a": 702])
        #expect(numbers.map(isOpen) == [false, false, true, false])
    }

    @Test("that are not open are not there")
    func closed() {
        #expect(StoredDescriptors.claim(700..<702, ["a", "b"]) == [:])
    }

    @Test(
        "of another process are not taken, and the environment tells of none any more",
        arguments: ["1", "", "x", "99999999999"]
    )
    func foreign(process: String) {
        for (name, value) in [
            ("LISTEN_PID", process), ("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "a"),
        ] { unsafe setenv(name, value, 1) }
        #expect(StoredDescriptors.claim() == [:])
        #expect(ServiceNotifier.variable("LISTEN_FDS") == nil)
        #expect(ServiceNotifier.variable("LISTEN_PID") == nil)
    }

    @Test("a count that nobody has is none", arguments: ["0", "-1", "5000", "many"])
    func count(text: String) {
        for (name, value) in [
            ("LISTEN_PID", "\(getpid())"), ("LISTEN_FDS", text), ("LISTEN_FDNAMES", "a"),
        ] { unsafe setenv(name, value, 1) }
        #expect(StoredDescriptors.claim() == [:])
    }
}
