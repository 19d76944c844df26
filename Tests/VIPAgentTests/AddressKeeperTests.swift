import Glibc
import Testing
import VIPAgent
import VIPConfiguration
import VIPCore
import VIPHost
import VIPNet
import VIPPlatform
import VIPTestSupport

/// Against the real kernel, in a network namespace with a veth pair `v0`, `v1`.
@Suite("Address keeper", .enabled(if: isRoot, "network namespaces take root"))
struct AddressKeeperTests {
    private static let web = GroupID(stableIdentifier("web"))

    private static func configuration(
        interface: String = "v0",
        addresses: [String] = ["10.77.0.100", "fd77::64"]
    ) throws -> Configuration {
        let text = PairText(groups: [.init("web", on: interface, addresses)]).text
        return try Configuration(parsing: text, path: "vip.toml")
    }

    /// A keeper that has begun, with what it told then taken away.
    private static func keeper(_ configuration: Configuration) throws -> HostKeeper {
        let keeper = try HostKeeper(serving: configuration.groups)
        while !keeper.host.addresses.hasBegun, waitReadable(keeper.addresses.workerDescriptor) {
            try keeper.takeCompletions(at: now)
        }
        return keeper
    }

    private static var now: Instant { Instant(nanoseconds: ClockReading.bootNow()) }

    /// Does what the daemon's loop does until the core hears this, or five seconds have passed.
    ///
    /// - Returns: all that the core heard meanwhile.
    @discardableResult
    private func drive(
        _ keeper: HostKeeper,
        until event: Event?,
        seconds: Int64 = 5,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Event] {
        var heard: [Event] = []
        let end = ClockReading.bootNow() + seconds * 1_000_000_000
        while ClockReading.bootNow() < end {
            heard += keeper.takeNews()
            if let event, heard.contains(event) { return heard }
            var entries = [
                keeper.addresses.workerDescriptor, keeper.addresses.monitor.fileDescriptor,
            ].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = unsafe poll(&entries, 2, 10)
            if entries[0].revents != 0 { try keeper.takeCompletions(at: Self.now) }
            if entries[1].revents != 0 { try keeper.takeNotifications(at: Self.now) }
            keeper.step(.wake, at: Self.now)
        }
        if let event {
            Issue.record("heard \(heard), and not \(event)", sourceLocation: sourceLocation)
        }
        return heard
    }

    private func own(_ keeper: HostKeeper, request: UInt64 = 1) throws {
        keeper.add(Self.web, request: request)
        try drive(keeper, until: .addressesAdded(Self.web, request: request, failed: false))
    }

    private func present() throws -> [String] {
        try RouteSocket().addresses()
            .filter { [NetworkTests.floating, NetworkTests.floating6].contains($0.address) }
            .map(\.text).sorted()
    }

    // MARK: - Names

    @Test("an interface that is renamed is gone, its addresses come off, and it may come back")
    func renamed() throws {
        try inNetworkNamespace {
            let keeper = try Self.keeper(Self.configuration())
            #expect(keeper.takeNews() == [.interface(Self.web, up: true)])
            try own(keeper)
            #expect(run("ip", "link", "set", "v0", "name", "lan0") == 0)
            let heard = try drive(keeper, until: .interface(Self.web, up: false))
            #expect(!heard.contains(.interface(Self.web, up: true)))
            #expect(
                keeper.host.addresses.finding(of: Self.web, at: Self.now)?.text
                    == "interface v0 is called lan0 now: rename it back, or write interface = "
                    + "\"lan0\" and reload"
            )
            keeper.remove(Self.web, request: 2)
            try drive(keeper, until: .addressesRemoved(Self.web, request: 2))
            #expect(try present() == [])
            #expect(run("ip", "link", "set", "lan0", "name", "v0") == 0)
            try drive(keeper, until: .interface(Self.web, up: true))
            #expect(keeper.host.addresses.finding(of: Self.web, at: Self.now)?.text == nil)
        }
    }

    @Test("another interface that gets the name is another one, though it is up at once")
    func replaced() throws {
        try inNetworkNamespace {
            let keeper = try Self.keeper(Self.configuration())
            try own(keeper)
            let old = try #require(keeper.host.addresses.link(of: 0)).index
            #expect(run("ip", "link", "set", "v0", "name", "old0") == 0)
            #expect(run("ip", "link", "set", "v1", "name", "v0") == 0)
            let heard = try drive(keeper, until: .interface(Self.web, up: true))
            let down = heard.firstIndex(of: .interface(Self.web, up: false))
            let up = heard.lastIndex(of: .interface(Self.web, up: true))
            #expect(try #require(down) < (try #require(up)))
            #expect(try #require(keeper.host.addresses.link(of: 0)).index != old)
            keeper.remove(Self.web, request: 2)
            try drive(keeper, until: .addressesRemoved(Self.web, request: 2))
            #expect(try present() == [])
        }
    }

    @Test("an alternative name is a name: before the start, later, and until it is taken away")
    func alternativeName() throws {
        try inNetworkNamespace {
            let name = "a-name-that-is-too-long-to-be-the-first-one"
            #expect(run("ip", "link", "property", "add", "dev", "v0", "altname", name) == 0)
            #expect(run("ip", "link", "property", "add", "dev", "v0", "altname", "other") == 0)
            let link = try #require(try RouteSocket().links().first { $0.name == "v0" })
            #expect(link.otherNames.sorted() == [name, "other"])
            let keeper = try Self.keeper(Self.configuration(interface: name))
            #expect(keeper.takeNews() == [.interface(Self.web, up: true)])
            try own(keeper)
            #expect(run("ip", "link", "set", "v0", "name", "lan0") == 0)
            let quiet = try drive(keeper, until: nil, seconds: 1)
            #expect(!quiet.contains(.interface(Self.web, up: false)))
            #expect(run("ip", "link", "property", "del", "dev", "lan0", "altname", name) == 0)
            try drive(keeper, until: .interface(Self.web, up: false))
            #expect(run("ip", "link", "property", "add", "dev", "lan0", "altname", name) == 0)
            try drive(keeper, until: .interface(Self.web, up: true))
        }
    }

    // MARK: - Other shapes

    @Test(
        "an address comes off in whatever shape somebody put it there",
        arguments: [
            ["10.77.0.100", "peer", "10.77.0.99/32"], ["10.77.0.100", "peer", "10.78.0.1/24"],
            ["10.77.0.100/24"], ["10.77.0.100/32", "scope", "link"],
            ["10.77.0.100/32", "label", "v0:1"], ["fd77::64/64"], ["fd77::64", "peer", "fd77::99"],
            ["10.77.0.100/24", "noprefixroute"], ["10.77.0.100/32", "home"],
        ]
    )
    func shapes(words: [String]) throws {
        try inNetworkNamespace {
            _ = run(["ip", "addr", "add"] + words + ["dev", "v0"])
            let found = try present()
            let keeper = try Self.keeper(Self.configuration())
            keeper.remove(Self.web, request: 1)
            try drive(keeper, until: .addressesRemoved(Self.web, request: 1))
            #expect(try present() == [], "\(found)")
        }
    }

    @Test("an address that comes in another shape while it is owned ends as it is to be")
    func owned() throws {
        try inNetworkNamespace {
            #expect(run("ip", "addr", "add", "fd77::64/64", "dev", "v0") == 0)
            #expect(run("ip", "addr", "add", "10.77.0.100/24", "dev", "v0") == 0)
            let keeper = try Self.keeper(Self.configuration())
            try own(keeper)
            #expect(try present() == ["10.77.0.100/24", "10.77.0.100/32", "fd77::64/128"])
            keeper.remove(Self.web, request: 2)
            try drive(keeper, until: .addressesRemoved(Self.web, request: 2))
            #expect(try present() == [])
        }
    }

    // MARK: - Lost notifications

    @Test("a lost notification is asked for without waiting, and what is known stays till then")
    func overrun() throws {
        try inNetworkNamespace {
            let keeper = try Self.keeper(Self.configuration())
            _ = keeper.takeNews()
            try own(keeper)
            // More than the kernel keeps for a listener; the last change is among what is lost.
            let storm = """
                seq 1 6000 | awk '{ a = "10.9." int($1 / 250) "." $1 % 250 "/32 dev v1"
                    print "addr add " a }' | ip -batch -
                ip addr del 10.77.0.100/32 dev v0
                """
            #expect(run("sh", "-c", storm) == 0)
            while keeper.host.addresses.overruns == 0,
                waitReadable(keeper.addresses.monitor.fileDescriptor)
            {
                try keeper.takeNotifications(at: Self.now)
            }
            try keeper.takeNotifications(at: Self.now)
            #expect(keeper.host.addresses.overruns == 1)
            #expect(keeper.takeNews() == [])
            #expect(!keeper.isIdle)
            try drive(keeper, until: .addressesFound(Self.web, all: false, some: true))
            #expect(keeper.takeOutput() == [])
            try own(keeper, request: 2)
            #expect(try present() == ["10.77.0.100/32", "fd77::64/128"])
        }
    }

    // MARK: - What an earlier process left

    @Test("what an earlier process put on, and no group has any more, is taken off at the start")
    func leftovers() throws {
        try inNetworkNamespace {
            let old = try Self.keeper(Self.configuration(addresses: ["10.77.0.100", "fd77::64"]))
            try own(old)
            let keeper = try Self.keeper(Self.configuration(addresses: ["fd77::64"]))
            try drive(keeper, until: nil, seconds: 1)
            #expect(try present() == ["fd77::64/128"])
        }
    }

    // MARK: - What the kernel would refuse

    @Test("IPv6 that is switched off makes the group one that can't be taken, until it is back")
    func ipv6Off() throws {
        try inNetworkNamespace {
            #expect(run("sysctl", "-qw", "net.ipv6.conf.v0.disable_ipv6=1") == 0)
            let keeper = try Self.keeper(Self.configuration())
            try drive(keeper, until: .addressable(Self.web, false))
            let finding = try #require(
                keeper.host.addresses.finding(of: Self.web, at: Self.now)?.text
            )
            #expect(
                finding.hasPrefix(
                    "the kernel would refuse the addresses: RTM_NEWADDR fd77::64/128 on v0: EACCES "
                )
            )
            #expect(finding.contains("sysctl -w net.ipv6.conf.v0.disable_ipv6=0"))
            #expect(run("sysctl", "-qw", "net.ipv6.conf.v0.disable_ipv6=0") == 0)
            try drive(keeper, until: .addressable(Self.web, true))
            #expect(keeper.host.addresses.finding(of: Self.web, at: Self.now)?.text == nil)
        }
    }

    @Test("an MTU that is too small for IPv6 is such a reason, and IPv4 alone does not mind")
    func smallMTU() throws {
        try inNetworkNamespace {
            #expect(run("ip", "link", "set", "v0", "mtu", "1200") == 0)
            let keeper = try Self.keeper(Self.configuration())
            try drive(keeper, until: .addressable(Self.web, false))
            let finding = try #require(
                keeper.host.addresses.finding(of: Self.web, at: Self.now)?.text
            )
            #expect(finding.contains("v0 has an MTU of 1200, and IPv6 needs 1280"))

            let ipv4 = try Self.keeper(Self.configuration(addresses: ["10.77.0.100"]))
            let heard = try drive(ipv4, until: nil, seconds: 1)
            #expect(!heard.contains(.addressable(Self.web, false)))
        }
    }

    @Test("a trial gives the kernel no address, and nobody hears of it")
    func unseen() throws {
        try inNetworkNamespace {
            let monitor = try RouteMonitor()
            let keeper = try Self.keeper(Self.configuration())
            try drive(keeper, until: nil, seconds: 3)
            #expect(try present() == [])
            let seen = try monitor.events().filter { event in
                switch event {
                case .address(let address), .addressGone(let address):
                    address.address == NetworkTests.floating
                        || address.address == NetworkTests.floating6
                case .link, .linkGone, .overrun: false
                }
            }
            #expect(seen == [])
        }
    }

    @Test("what is owned stays as it is through trials")
    func ownedThroughTrials() throws {
        try inNetworkNamespace {
            let keeper = try Self.keeper(Self.configuration())
            try own(keeper)
            let heard = try drive(keeper, until: nil, seconds: 3)
            #expect(heard == [])
            #expect(try present() == ["10.77.0.100/32", "fd77::64/128"])
        }
    }

    @Test("what only the act meets is believed for a while")
    func refusedAct() throws {
        try inNetworkNamespace {
            let keeper = try Self.keeper(Self.configuration())
            try drive(keeper, until: nil, seconds: 1)
            #expect(run("sysctl", "-qw", "net.ipv6.conf.v0.disable_ipv6=1") == 0)
            keeper.add(Self.web, request: 1)
            let heard = try drive(
                keeper,
                until: .addressesAdded(Self.web, request: 1, failed: true)
            )
            #expect(
                heard.contains(.addressable(Self.web, false))
                    || keeper.host.addresses.finding(of: Self.web, at: Self.now)?.text != nil
            )
            #expect(run("sysctl", "-qw", "net.ipv6.conf.v0.disable_ipv6=0") == 0)
            let begin = ClockReading.bootNow()
            try drive(keeper, until: .addressable(Self.web, true))
            #expect(ClockReading.bootNow() - begin > 1_000_000_000)
        }
    }

    // MARK: - The source of what this host sends

    @Test("a floating address is never chosen as a source, whatever happens to the host's own")
    func source() throws {
        try inNetworkNamespace {
            let own = ["ip", "addr", "add", "192.0.2.1/32", "dev", "v0"]
            #expect(run(own) == 0)
            for route in [["default", "via", "192.0.2.254", "onlink"], ["192.0.2.253"]] {
                #expect(run(["ip", "route", "add"] + route + ["dev", "v0"]) == 0)
            }
            let keeper = try Self.keeper(Self.configuration())
            try self.own(keeper)
            let isSource = "ip route get 203.0.113.1; ip route get 192.0.2.253"
            func chosen(_ address: String) -> Bool {
                run("sh", "-c", "(\(isSource)) | grep -q 'src \(address) '") == 0
            }
            #expect(chosen("192.0.2.1") && !chosen("10.77.0.100"))
            #expect(run("ip", "addr", "del", "192.0.2.1/32", "dev", "v0") == 0)
            for route in [["default", "via", "192.0.2.254", "onlink"], ["192.0.2.253"]] {
                #expect(run(["ip", "route", "replace"] + route + ["dev", "v0"]) == 0)
            }
            #expect(!chosen("10.77.0.100"))
            #expect(run(own) == 0)
            #expect(chosen("192.0.2.1") && !chosen("10.77.0.100"))
        }
    }
}

extension HostKeeper {
    /// One whose core has made its first step. Nobody has looked for a gate.
    convenience init(serving groups: [VIPConfiguration.Group]) throws {
        try self.init(
            groups: groups,
            fallback: { _ in nil },
            page: nil,
            heartbeat: .milliseconds(100),
            directory: "/nowhere"
        )
        step(.stepped, at: Instant(nanoseconds: ClockReading.bootNow()))
    }

    func add(_ group: GroupID, request: UInt64) {
        let effect = Effect.addAddresses(
            group,
            request: request,
            lifetime: .seconds(100),
            before: nil
        )
        step(.effect(effect), at: Instant(nanoseconds: ClockReading.bootNow()))
    }

    func remove(_ group: GroupID, request: UInt64) {
        let effect = Effect.removeAddresses(group, request: request)
        step(.effect(effect), at: Instant(nanoseconds: ClockReading.bootNow()))
    }

    /// What the core has to hear, without what the log has to.
    func takeNews() -> [Event] {
        takeOutput().compactMap { output in
            if case .tell(let event) = output { event } else { nil }
        }
    }
}
