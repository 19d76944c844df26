/// A sentence that operators read, with `…` for each of its gaps. The documents list it in this
/// form, and a test sees to it that they do.
package protocol Sentence: CaseIterable, RawRepresentable, Sendable where RawValue == String {}

extension Sentence {
    /// The sentence with its gaps filled, in their order.
    package func text(_ parts: String...) -> String { text(parts) }

    package func text(_ parts: [String]) -> String {
        var pieces = rawValue.split(separator: "…", omittingEmptySubsequences: false)[...]
        var text = String(pieces.removeFirst())
        for (part, piece) in zip(parts, pieces) { text += part + piece }
        return text
    }
}
