/// A small disk for one directory of a machine, which can be full, or hang.
public struct StateDisk: Sendable {
    let mount: String

    /// With all that is in the directory whose place it takes.
    init(in directory: String, insteadOf original: String) throws(LabError) {
        mount = "\(directory)/disk"
        try Files.makeDirectory(mount)
        try Command("truncate -s 2M \(mount).image").runSuccessfully()
        try Command("mkfs.ext4 -q -m 0 \(mount).image").runSuccessfully()
        try Command("mount -o loop \(mount).image \(mount)").runSuccessfully()
        try Command("cp -a \(original)/. \(mount)").runSuccessfully()
    }

    /// Not an octet more will go onto it.
    public func fill() throws(LabError) {
        // The end of the space is what it looks for, and so its failure.
        _ = try Command("cp /dev/zero \(mount)/filling").run()
        _ = try Command("dd if=/dev/zero of=\(mount)/rest bs=1").run()
    }

    /// As a disk becomes on which the kernel has found an error.
    public func makeReadOnly() throws(LabError) {
        try Command("mount -o remount,ro \(mount)").runSuccessfully()
    }

    /// Whoever writes to it waits, until `thaw`.
    public func freeze() throws(LabError) {
        try Command("fsfreeze -f \(mount)").runSuccessfully()
    }

    public func thaw() throws(LabError) {
        try Command("fsfreeze -u \(mount)").runSuccessfully()
    }
}
