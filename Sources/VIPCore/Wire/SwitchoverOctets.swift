/// The bodies of the records with which two nodes arrange a switchover.
extension Inquiry {
    enum Offset {
        static let group = 0
        static let number = 8
        static let highestTerm = 16
        static let end = 24
    }

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count == Offset.end else { throw .wrongLength(.inquiry, body.count) }
        self.init(
            group: body.loadGroup(at: Offset.group),
            number: body.loadUInt64(at: Offset.number),
            highestTerm: try body.loadTermOrNone(at: Offset.highestTerm)
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(group.bits)
        octets.append(number)
        octets.append(highestTerm.number)
    }
}

extension Offer {
    enum Offset {
        static let number = 0
        static let request = 8
        static let end = 64
    }

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count == Offset.end else { throw .wrongLength(.offer, body.count) }
        let request = body.extracting(Offset.request..<Offset.end)
        self.init(
            number: body.loadUInt64(at: Offset.number),
            request: try Request(parsing: request, as: .offer)
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(number)
        request.serialize(into: &octets)
    }
}

extension Appeal {
    enum Offset {
        static let group = 0
        static let number = 8
        static let successor = 16
        static let end = 24
    }

    init(parsing body: Span<UInt8>) throws(WireError) {
        guard body.count == Offset.successor || body.count == Offset.end else {
            throw .wrongLength(.appeal, body.count)
        }
        self.init(
            group: body.loadGroup(at: Offset.group),
            number: body.loadUInt64(at: Offset.number),
            successor: body.count == Offset.end
                ? HostID(body.loadUInt64(at: Offset.successor)) : nil
        )
    }

    func serialize(into octets: inout [UInt8]) {
        octets.append(group.bits)
        octets.append(number)
        if let successor {
            octets.append(successor.bits)
        }
    }
}
