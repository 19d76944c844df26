import Foundation
import Glibc

/// Network namespaces and eBPF programs take root.
public let isRoot = geteuid() == 0

/// Starts a program in this thread's network namespace, without waiting for it. Its process number,
/// or -1.
public func start(_ arguments: [String]) -> pid_t {
    var pid: pid_t = 0
    var strings: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe strings.append(nil)
    defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
    let failure = unsafe posix_spawnp(&pid, strings[0]!, nil, nil, strings, environ)
    return failure == 0 ? pid : -1
}

/// The same, and waits for it. Its exit status; -1 if it had none.
@discardableResult
public func run(_ arguments: [String]) -> Int32 {
    let pid = start(arguments)
    guard pid > 0 else { return -1 }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
}

/// The same with a command that is split at blanks; what follows it is taken as it is.
@discardableResult
public func run(_ command: String, _ arguments: String...) -> Int32 {
    run(command.split(separator: " ").map(String.init) + arguments)
}

/// A command that a test rests on.
public func require(_ command: String) throws {
    guard run(command) == 0 else { throw SupportFailure(description: "'\(command)' has failed") }
}

/// What a program says, be it on standard error, and its exit status.
public func output(
    of arguments: [String],
    environment: [String: String]? = nil
) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    if let environment { process.environment = environment }
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let octets = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: octets, as: UTF8.self))
}

/// What kept a test from being made.
public struct SupportFailure: Error, CustomStringConvertible {
    public let description: String
}
