/// Whether this host lets this process have a gate.
package enum GateSupport {
    /// Why not, or nil: it can be loaded and attached. Loads one and lets go of it, which takes
    /// some milliseconds; nothing is attached.
    package static func probe() -> String? {
        do throws(SystemError) {
            guard try Capabilities.current().has(.netAdmin) else {
                return "attaching the gate takes \(Capabilities.Capability.netAdmin)"
            }
            _ = try Gate.load()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
