import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform

@Suite("Address worker", .enabled(if: isRoot, "network namespaces take root"))
struct AddressWorkerTests {
    private static func address(_ number: UInt32, on interface: Int32) -> InterfaceAddress {
        InterfaceAddress(
            floating: .v4(0x0a00_0000 + number),
            prefixLength: 32,
            on: interface,
            lifetime: 1000
        )
    }

    @Test("changes are made in order, and each is answered once by its own number")
    func order() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try #require(try socket.links().first { $0.name == "v0" }).index
            let worker = try AddressWorker()
            #expect(worker.completions().isEmpty)
            for number in 0..<100 as Range<UInt32> {
                worker.ask(
                    .add(Self.address(number, on: interface), before: nil),
                    id: UInt64(number)
                )
            }
            worker.ask(.add(Self.address(1, on: 4711), before: nil), id: 100)
            worker.ask(.remove(Self.address(7, on: interface)), id: 101)
            var completions: [AddressWorker.Completion] = []
            while completions.count < 102, waitReadable(worker.fileDescriptor) {
                completions += worker.completions()
            }
            #expect(completions.map(\.id) == Array(0...101))
            #expect(completions.filter { $0.failure != nil }.map(\.id) == [100])
            let left = try socket.addresses().filter(\.isOurs).map(\.address)
            #expect(left.count == 99)
            #expect(!left.contains(.v4(0x0a00_0007)))
        }
    }
}
