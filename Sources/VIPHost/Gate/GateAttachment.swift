/// The gate on one interface, as the kernel had it when it was last looked at.
package struct GateAttachment: Equatable, Sendable {
    package var interface: Int32
    package var name: String
    package var leaves: Bool
    package var arrives: Bool
    /// What may let frames by, in words.
    package var risks: [String]
    /// Why the gate is not there; nil if it is.
    package var failure: String?
    /// The kernel knows no hook for the gate, or no filters of its kind.
    package var isUnsupported: Bool

    package init(
        interface: Int32,
        name: String,
        leaves: Bool,
        arrives: Bool,
        risks: [String] = [],
        failure: String? = nil,
        isUnsupported: Bool = false
    ) {
        self.interface = interface
        self.name = name
        self.leaves = leaves
        self.arrives = arrives
        self.risks = risks
        self.failure = failure
        self.isUnsupported = isUnsupported
    }

    package var isWhole: Bool { leaves && arrives }
}
