import CNetlink

/// A message of rtnetlink as libnl has it, while it is read.
@safe
package struct RouteMessage {
    private let message: OpaquePointer
    let header: UnsafeMutablePointer<nlmsghdr>

    /// - Parameter message: libnl's `nl_msg`.
    package init(_ message: OpaquePointer) {
        unsafe self.message = unsafe message
        unsafe header = nlmsg_hdr(message)
    }

    /// RTM_….
    var type: Int { unsafe Int(header.pointee.nlmsg_type) }

    /// nil where libnl-route can't read it.
    func withObject<Result>(_ body: (OpaquePointer) -> Result?) -> Result? {
        guard let object = unsafe vip_route_object(message) else { return nil }
        defer { unsafe nl_object_put(object) }
        return unsafe body(object)
    }

    /// The octets of an attribute behind the fixed part, for those that libnl-route doesn't know.
    func withAttribute<Fixed, Result>(
        _ type: Int32,
        after fixed: Fixed.Type,
        _ body: (UnsafeMutablePointer<nlattr>) -> Result?
    ) -> Result? {
        let length = Int32(MemoryLayout<Fixed>.size)
        guard unsafe nlmsg_valid_hdr(header, length) != 0,
            let attribute = unsafe nlmsg_find_attr(header, length, type)
        else { return nil }
        return unsafe body(attribute)
    }
}

/// Lends a closure to C, as what is called for each message, and its context.
func lendingVisitor<Result>(
    _ visit: (RouteMessage) -> Void,
    to body: (vip_route_visitor, UnsafeMutableRawPointer) -> Result
) -> Result {
    withoutActuallyEscaping(visit) { visit in
        var visit = visit
        return unsafe withUnsafeMutablePointer(to: &visit) { context in
            unsafe body(
                { message, context in
                    guard let message = unsafe message, let context = unsafe context else { return }
                    let visit = unsafe context.assumingMemoryBound(
                        to: ((RouteMessage) -> Void).self
                    )
                    unsafe visit.pointee(RouteMessage(message))
                },
                UnsafeMutableRawPointer(context)
            )
        }
    }
}
