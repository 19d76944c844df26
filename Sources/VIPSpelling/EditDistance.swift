/// The smallest number of insertions, deletions, substitutions and swaps of neighbours that make
/// one text of the other (optimal string alignment).
func editDistance(_ first: String, _ second: String) -> Int {
    let left = Array(first.unicodeScalars)
    let right = Array(second.unicodeScalars)
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            let substitution = previous[column] + (left[row] == right[column] ? 0 : 1)
            var best = min(substitution, previous[column + 1] + 1, current[column] + 1)
            let swapped =
                row > 0 && column > 0 && left[row] == right[column - 1]
                && left[row - 1] == right[column]
            if swapped {
                best = min(best, before[column - 1] + 1)
            }
            current.append(best)
        }
        before = previous
        previous = current
    }
    return previous[right.count]
}

extension Collection<String> {
    /// The one that `text` was probably meant to be. A third of its letters may be wrong. Texts
    /// too long to be a slip of the pen are not compared.
    public func closest(to text: String) -> String? {
        let longestCompared = 64
        guard text.unicodeScalars.prefix(longestCompared + 1).count <= longestCompared else {
            return nil
        }
        let ranked = map { (candidate: $0, distance: editDistance(text, $0)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        let tolerated = Swift.max(1, best.candidate.count / 3)
        return best.distance <= tolerated ? best.candidate : nil
    }
}
