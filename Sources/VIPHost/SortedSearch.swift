extension Array {
    /// Where the element with that key is, by halves: they are in the order of their keys.
    func index<Key: Comparable>(of key: Key, by keyOf: (Element) -> Key) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if keyOf(self[middle]) < key { low = middle + 1 } else { high = middle }
        }
        return low < count && keyOf(self[low]) == key ? low : nil
    }
}
