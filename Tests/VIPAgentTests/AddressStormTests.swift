import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform
import VIPTestSupport

/// What others do to addresses and interfaces, by the thousand, on the real kernel; the simulator's
/// aim `netlink` has the same.
@Suite("A storm of changes", .enabled(if: isRoot, "network namespaces take root"))
struct AddressStormTests {
    private static let web = GroupID(stableIdentifier("web"))
    private static let floating = IPAddress.v4(0x0A4D_0064)

    private static var now: Instant { Instant(nanoseconds: ClockReading.bootNow()) }

    /// A keeper on `v0`, and a core that does as the real one: it puts back what somebody takes.
    private final class Owner {
        let keeper: HostKeeper
        private(set) var heard: [Event] = []
        private var request: UInt64 = 0

        init() throws {
            let text = PairText(groups: [.init("web", on: "v0", ["10.77.0.100"])]).text
            let configuration = try Configuration(parsing: text, path: "vip.toml")
            keeper = try HostKeeper(serving: configuration.groups)
            while !keeper.host.addresses.hasBegun, waitReadable(keeper.addresses.workerDescriptor) {
                try keeper.takeCompletions(at: now)
            }
            add()
        }

        func add() {
            request += 1
            keeper.add(web, request: request)
        }

        /// One turn of the loop.
        private func turn() throws {
            var entries = [
                keeper.addresses.workerDescriptor, keeper.addresses.monitor.fileDescriptor,
            ].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = unsafe poll(&entries, 2, 10)
            if entries[0].revents != 0 { try keeper.takeCompletions(at: now) }
            if entries[1].revents != 0 { try keeper.takeNotifications(at: now) }
            keeper.step(.wake, at: now)
            for event in keeper.takeNews() {
                heard.append(event)
                if case .addressesFound(_, all: false, _) = event { add() }
                if case .interface(_, up: true) = event { add() }
            }
        }

        /// - Returns: Whether it came to that within twenty seconds.
        func drive(until condition: () throws -> Bool) throws -> Bool {
            let end = now + .seconds(20)
            while now < end {
                try turn()
                if try condition() { return true }
            }
            return false
        }

        func isServed() throws -> Bool {
            guard let link = keeper.host.addresses.link(of: 0), keeper.isIdle else { return false }
            let there = try RouteSocket().addresses().filter { $0.address == floating }
            return there.map(\.interface) == [link.index] && there.allSatisfy(\.isOurs)
                && keeper.host.addresses.groups[0].isComplete
        }
    }

    /// Commands for `ip`, one a line; some may fail.
    private static func batch(_ lines: some Sequence<String>, in scratch: ScratchDirectory) throws
        -> [String]
    {
        let path = "\(scratch.path)/batch"
        let text = lines.joined(separator: "\n") + "\n"
        let file = unsafe fopen(path, "w")
        _ = unsafe fputs(text, file!)
        _ = unsafe fclose(file!)
        return ["sh", "-c", "ip -force -batch \(path) 2>/dev/null"]
    }

    @Test("somebody who takes and puts our address a thousand times ends with ours in its place")
    func flapping() throws {
        try inNetworkNamespace {
            let owner = try Owner()
            #expect(try owner.drive(until: owner.isServed))
            let flaps = (0..<1000).flatMap { _ in
                ["addr del 10.77.0.100/32 dev v0", "addr add 10.77.0.100/32 dev v0"]
            }
            // What was put back meanwhile makes some of them fail.
            let scratch = ScratchDirectory()
            let pid = start(try Self.batch(flaps, in: scratch))
            #expect(try owner.drive(until: { waitpid(pid, nil, WNOHANG) == pid }))
            #expect(try owner.drive(until: { owner.keeper.host.addresses.groups[0].isComplete }))
            // His stays until it is renewed, as in any case every four seconds.
            owner.add()
            #expect(try owner.drive(until: owner.isServed))
            let found = owner.heard.count { event in
                if case .addressesFound = event { true } else { false }
            }
            #expect(found <= 1000, "not once for each")
        }
    }

    /// Of others, 65,535 on one host. The kernel looks through all IPv4 addresses of an interface
    /// for each one that is put there, and through all IPv6 addresses of the host: one interface
    /// would have so many after minutes only. So the group's has what is there within a second,
    /// and the rest is spread over bridges.
    private static let others: [String] = {
        let bridges = (0..<60).map { "b\($0)" }
        let places = Array(repeating: "v0", count: 4095) + (0..<1024).flatMap { _ in bridges }
        return bridges.map { "link add \($0) type bridge" }
            + places.enumerated().map { (number, interface) in
                let (high, low) = (number / 62_500, number % 62_500)
                return "addr add 10.\(99 + high).\(low / 250).\(low % 250 + 1)/32 dev \(interface)"
            }
    }()

    @Test("65,535 addresses of others are no news, a loss among them is found out, and a start too")
    func crowd() throws {
        try inNetworkNamespace {
            do {
                let owner = try Owner()
                #expect(try owner.drive(until: owner.isServed))
                let before = owner.heard.count
                // More than the kernel holds for us, and nobody reads.
                let scratch = ScratchDirectory()
                let commands = Self.others + ["addr del 10.77.0.100/32 dev v0"]
                #expect(run(try Self.batch(commands, in: scratch)) == 0)
                #expect(try owner.drive(until: { owner.keeper.host.addresses.overruns > 0 }))
                #expect(try owner.drive(until: owner.isServed))
                #expect(owner.keeper.host.addresses.table.entries.count == 1)
                let found = owner.heard.dropFirst(before).filter { event in
                    if case .addressesFound = event { true } else { false }
                }
                #expect((1...2).contains(found.count), "\(found)")
                #expect(try RouteSocket().addresses().count > 65_536)
            }
            // Whoever starts now has to ask for all of them.
            let late = try Owner()
            #expect(try late.drive(until: late.isServed))
        }
    }

    @Test("an interface that moves to another namespace and back is lost, and then served again")
    func moved() throws {
        try inNetworkNamespace {
            let owner = try Owner()
            #expect(try owner.drive(until: owner.isServed))
            let away = """
                unshare -n sleep 20 & other=$!
                while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do
                    sleep 0.01
                done
                ip link set v0 netns $other && nsenter -t $other -n ip link set v0 netns $$
                status=$?
                kill $other
                ip link set v0 up
                exit $status
                """
            #expect(run(["sh", "-c", away]) == 0)
            // It may have gone and come within one look. What was on it is gone in any case.
            #expect(try owner.drive(until: owner.isServed))
        }
    }
}
