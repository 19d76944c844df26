import Glibc

/// The programs under test.
public struct Binaries: Sendable {
    public let agent: String
    public let control: String

    public init(directory: String) {
        agent = "\(directory)/vip-agent"
        control = "\(directory)/vipctl"
    }

    /// In the directory that `VIP_BIN` names, else beside the running program, else in the release
    /// build of the package that the working directory is in.
    public static func find() throws(LabError) -> Binaries {
        if let named = unsafe getenv("VIP_BIN") {
            let binaries = Binaries(directory: unsafe String(cString: named))
            guard binaries.exist else {
                throw LabError(
                    "find vip-agent and vipctl",
                    found: "VIP_BIN names \(unsafe String(cString: named)), and they are not there"
                )
            }
            return binaries
        }
        for directory in candidates where Binaries(directory: directory).exist {
            return Binaries(directory: directory)
        }
        throw LabError(
            "find vip-agent and vipctl",
            found: "they are in none of \(candidates.joined(separator: ", "))",
            advice: "run 'make build', or name their directory in VIP_BIN"
        )
    }

    /// The agent that can be told to die, built by `make mutations`; nil if it is not there, or
    /// older than what it is made of: then its deaths would say nothing about the agent of today.
    public static var mortalAgent: String? {
        for root in roots {
            let agent = "\(root)/.build-mutations/release/vip-agent"
            guard let made = Files.modified(agent) else { continue }
            let folders = Files.names(in: "\(root)/Sources").filter { !notInAgent.contains($0) }
            let newest = folders.compactMap { Files.newest(in: "\(root)/Sources/\($0)") }.max()
            if newest.map({ $0 < made }) ?? true { return agent }
        }
        return nil
    }

    /// Everything else in `Sources` may be in the agent.
    private static let notInAgent = [
        "CLab", "VIPLab", "viplab", "VIPSimulation", "vipsim", "vipctl",
    ]

    private var exist: Bool {
        unsafe access(agent, X_OK) == 0 && access(control, X_OK) == 0
    }

    private static var candidates: [String] {
        [directory(of: resolved("/proc/self/exe"))] + roots.map { "\($0)/.build/release" }
    }

    /// The packages that the working directory is in.
    private static var roots: [String] {
        var found: [String] = []
        var folder = resolved(".")
        while folder != "/", folder != "" {
            if unsafe access("\(folder)/Package.swift", R_OK) == 0 { found.append(folder) }
            folder = directory(of: folder)
        }
        return found
    }

    private static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return "" }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
