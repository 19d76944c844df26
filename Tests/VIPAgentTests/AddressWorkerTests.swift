import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPNet
import VIPPlatform
import VIPTestSupport

@Suite("Address worker", .enabled(if: isRoot, "network namespaces take root"))
struct AddressWorkerTests {
    private static func floating(_ numbers: Range<UInt32>) -> [FloatingAddress] {
        numbers.map { FloatingAddress(address: .v4(0x0a00_0000 + $0), prefixLength: 32) }
    }

    private static func addition(
        _ numbers: Range<UInt32>,
        on interface: Int32,
        before: Int64? = nil
    ) -> AddressRequest {
        .add(
            AddressRequest.Addition(
                floating(numbers),
                on: interface,
                lifetime: 1000,
                before: before
            )
        )
    }

    /// The answers to so many questions.
    private func completions(_ count: Int, of worker: AddressWorker) -> [AddressWorker.Completion] {
        var completions: [AddressWorker.Completion] = []
        while completions.count < count, waitReadable(worker.fileDescriptor) {
            completions += worker.completions()
        }
        return completions
    }

    @Test("questions are asked in order, and each is answered once by its own number")
    func order() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try #require(try socket.links().first { $0.name == "v0" }).index
            let worker = try AddressWorker()
            #expect(worker.completions().isEmpty)
            for number in 0..<100 as Range<UInt32> {
                let request = Self.addition(number..<number + 1, on: interface)
                worker.ask(request, id: UInt64(number))
            }
            worker.ask(Self.addition(1..<2, on: 4711), id: 100)
            let there = Self.floating(7..<8).map {
                InterfaceAddress($0, on: interface, lifetime: 1)
            }
            let absent = Self.floating(500..<501)
                .map { InterfaceAddress($0, on: interface, lifetime: 1) }
            worker.ask(.remove(there + absent), id: 101)
            worker.ask(.look(Self.floating(6..<9).map(\.address)), id: 102)
            let found = completions(103, of: worker)
            #expect(found.map(\.id) == Array(0...102))
            #expect(found[0..<100].allSatisfy { $0.outcome == .added })
            guard case .failed(let error, let address) = found[100].outcome else {
                return #expect(Bool(false), "\(found[100].outcome)")
            }
            #expect(error.errno == ENODEV)
            #expect(address?.interface == 4711)
            #expect(found[101].outcome == .removed(absent: absent, kept: [], nil))
            guard case .found(_, let left) = found[102].outcome else {
                return #expect(Bool(false), "\(found[102].outcome)")
            }
            #expect(left.map(\.address) == Self.floating(6..<7).map(\.address) + [.v4(0x0a00_0008)])
        }
    }

    @Test("addresses whose instant has passed are not added, and the first refusal ends it")
    func ends() throws {
        try inNetworkNamespace {
            let socket = try RouteSocket()
            let interface = try #require(try socket.links().first { $0.name == "v0" }).index
            let worker = try AddressWorker()
            let past = ClockReading.bootNow() - 1
            worker.ask(Self.addition(0..<10, on: interface, before: past), id: 1)
            #expect(run("sysctl", "-qw", "net.ipv6.conf.v0.disable_ipv6=1") == 0)
            let refused = FloatingAddress(
                address: .v6(high: 0xfd77_0000_0000_0000, low: 1),
                prefixLength: 128
            )
            let addresses = Self.floating(20..<22) + [refused] + Self.floating(22..<24)
            let mixed = AddressRequest.Addition(addresses, on: interface, lifetime: 1000)
            worker.ask(.add(mixed), id: 2)
            let found = completions(2, of: worker).map(\.outcome)
            #expect(found.first == .late)
            guard case .failed(let error, let address) = found.last else {
                return #expect(Bool(false), "\(found)")
            }
            #expect(error.errno == EACCES)
            #expect(address?.address == refused.address)
            let ours = try socket.addresses().filter(\.isOurs).map(\.address)
            #expect(ours == Self.floating(20..<22).map(\.address))
        }
    }
}
