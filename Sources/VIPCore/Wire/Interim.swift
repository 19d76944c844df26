extension Frame {
    static let recordRoom = 1200
}
extension Record {
    var encodedLength: Int {
        if case .presence(let presence) = self { return 16 + presence.hearings.count * 16 }
        return 120
    }
}
