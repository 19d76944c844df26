/// Why the kernel, or a library that speaks to it, did not do what it was asked for.
package struct Refusal: Equatable, Sendable, CustomStringConvertible {
    /// The call and the error number, without the address: repeats with one kind may be folded.
    package var kind: String
    /// For people: what was attempted, on what, what came back and what to do.
    package var text: String

    package init(kind: String, text: String) {
        (self.kind, self.text) = (kind, text)
    }

    package var description: String { text }
}
