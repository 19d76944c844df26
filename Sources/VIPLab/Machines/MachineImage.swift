import Glibc

/// The file system that machines are made of: a small Debian with systemd, as debootstrap makes it.
///
/// It takes a minute to make, and so is kept for the next time, under a name that says what is in
/// it. Machines only read it.
public struct MachineImage: Sendable {
    public let directory: String

    /// Where images are kept; on disk, since one has some 300 MB.
    static let cache = "/var/cache/viplab"

    /// What systems in the field have, and a package may depend on. Machines have no way to the
    /// archive: what a package needs is here before it comes.
    private static let packages = [
        "adduser", "dbus", "iproute2", "libbpf1", "libnl-3-200", "libnl-route-3-200",
        "libstdc++6", "nftables", "procps", "systemd", "systemd-sysv",
    ]

    /// Of Debian, by its code name. Takes what is there, or makes it.
    public static func debian(_ release: String = "bookworm") throws(LabError) -> MachineImage {
        // Another list is another image.
        let sum = packages.joined(separator: " ").utf8.reduce(UInt32(5381)) {
            $0 &* 33 ^ UInt32($1)
        }
        let image = MachineImage(directory: "\(cache)/\(release)-\(String(sum, radix: 16))")
        if Files.read("\(image.directory)/etc/debian_version") == nil { try image.make(release) }
        return image
    }

    private func make(_ release: String) throws(LabError) {
        try Files.makeDirectory(Self.cache)
        let unfinished = "\(directory).\(getpid())"
        let list = Self.packages.joined(separator: ",")
        let make = "debootstrap --variant=minbase --include=\(list) \(release) \(unfinished)"
        var command = Command("\(make) \(try Self.mirror())")
        command.limit = .seconds(900)
        do throws(LabError) {
            try command.runSuccessfully()
            // A name and an identity are a machine's own.
            for name in ["hostname", "machine-id"] {
                _ = unsafe unlink("\(unfinished)/etc/\(name)")
            }
            try Files.rename(unfinished, to: directory)
        } catch {
            _ = try? Command("rm -rf --one-file-system", unfinished).run()
            throw error
        }
    }

    /// Where this host has its own packages from, also if it has never fetched their lists.
    private static func mirror() throws(LabError) -> String {
        let sources = try Command("apt-get --print-uris update").runSuccessfully()
        for line in sources.split(separator: "\n") {
            // 'http://archive/debian/dists/bookworm/InRelease' ...
            guard let address = line.split(separator: "'").first,
                let end = address.firstRange(of: "/dists/")
            else { continue }
            let suite = address[end.upperBound...].split(separator: "/").first ?? ""
            // Updates and security fixes have archives of their own, and no whole system.
            if !suite.contains("-") { return String(address[..<end.lowerBound]) }
        }
        throw LabError(
            "find out where Debian's packages come from",
            found: "apt's sources name no archive of a release"
        )
    }
}
