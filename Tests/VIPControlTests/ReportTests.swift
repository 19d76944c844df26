import Testing
import VIPControl

@Suite("Reports")
struct ReportTests {
    @Test("what is written is read back the same", arguments: [Sample.healthy, Sample.degraded])
    func roundTrip(report: StatusReport) throws {
        let text = report.json.serialized()
        #expect(try StatusReport(json: JSONReader(JSONValue(parsing: text))) == report)
    }

    @Test("history is read back the same")
    func history() throws {
        let text = Sample.history.json.serialized()
        #expect(try [HistoryEntry](json: JSONReader(JSONValue(parsing: text))) == Sample.history)
    }

    @Test("the members have the names that scripts rely on, in this order")
    func names() throws {
        let small = StatusReport(
            cluster: "lb",
            host: "w1",
            role: .witness,
            isHealthy: true,
            version: "0.1.0",
            processID: 1,
            uptimeMilliseconds: 2,
            timing: TimingStatus(
                heartbeatMilliseconds: 100,
                leaseMilliseconds: 500,
                driftPartsPerMillion: 2_000,
                marginMilliseconds: 1
            ),
            groups: [
                GroupStatus(
                    name: "web",
                    state: .witness,
                    owner: nil,
                    term: 18_446_744_073_709_551_615,
                    leaseMilliseconds: nil,
                    addresses: [
                        AddressStatus(address: "10.77.0.100/32", isWanted: false, isPresent: false)
                    ],
                    since: "2026-11-21T08:25:00.123Z",
                    sinceMilliseconds: 3,
                    reason: "started",
                    interface: "",
                    interfaceState: .none,
                    enforcement: "lifetimes"
                )
            ],
            voters: [
                VoterStatus(
                    name: "lb1",
                    role: .node,
                    isSelf: false,
                    isReachable: false,
                    paths: [PathStatus(index: 0, local: "a", remote: "b", isReachable: false)]
                )
            ],
            links: [
                LinkStatus(from: "lb1", to: "w1", path: 0, isHeard: false, ageMilliseconds: nil)
            ],
            dropped: DroppedFrames([.init(reason: "stale", count: 4)])
        )
        #expect(
            small.json.serialized() == """
                {"cluster":"lb","host":"w1","role":"witness","healthy":true,"reasons":[],\
                "warnings":[],"version":"0.1.0","pid":1,"uptime_ms":2,\
                "timing":{"heartbeat_ms":100,"lease_ms":500,"drift_ppm":2000,"margin_ms":1},\
                "gate":null,\
                "groups":[{"name":"web","state":"witness","owner":null,\
                "term":18446744073709551615,"lease_ms":null,\
                "addresses":[{"address":"10.77.0.100/32","wanted":false,"present":false,\
                "valid_lifetime_s":null}],"since":"2026-11-21T08:25:00.123Z","since_ms":3,\
                "reason":"started","interface":"","interface_state":"none","forced":false,\
                "enforcement":"lifetimes","gate":null,"peer_ready":null,"peer_reason":null,\
                "hold_down_ms":null,"votes":null}],\
                "voters":[{"name":"lb1","role":"node","self":false,"reachable":false,\
                "rtt_us":null,"heard_ms_ago":null,"hears_me":null,"abstaining":null,\
                "same_file":null,\
                "paths":[{"index":0,"local":"a","remote":"b","reachable":false,"rtt_us":null,\
                "heard_ms_ago":null,"heard_by_peer":null,"last_send_error":null}]}],\
                "matrix":[{"from":"lb1","to":"w1","path":0,"heard":false,"age_ms":null}],\
                "checks":[],"dropped":{"stale":4},\
                "counters":{"frames_sent":0,"frames_received":0,"send_errors":0,"renewals":0,\
                "takeovers":0,"announcements":0,"foreign_claims":0,"claims_unseen":0,\
                "log_lines_dropped":0,"netlink_overruns":0,"gate_repairs":0,\
                "max_lateness_us":0,"recent_lateness_us":0,"late_wakes":0,"reexecutions":0}}
                """
        )
        #expect(
            Sample.history[1].json.serialized() == """
                {"sequence":2,"at":"2026-11-21T08:25:00.123Z","boottime_ms":3123,"group":"web",\
                "event":"state","state":"owner","was":"standby","term":18,"owner":"lb1",\
                "reason":"lease of lb2 ran out","detail":"granted by w1","after_ms":503}
                """
        )
    }

    @Test("what a newer agent adds is ignored")
    func newer() throws {
        guard case .object(let members) = Sample.healthy.json else {
            Issue.record("a report is an object")
            return
        }
        let newer = JSONValue.object([.init("invented_later", .integer(1))] + members)
        #expect(try StatusReport(json: JSONReader(newer)) == Sample.healthy)
    }

    @Test(
        "an error names the member, what it should be and what it is",
        arguments: [
            (#"{}"#, "cluster: expected a string, found nothing"),
            (#"[]"#, "the document: expected an object, found an array"),
            (#"{"cluster":1}"#, "cluster: expected a string, found an integer"),
            (
                #"{"cluster":"a","host":"b","role":"king"}"#,
                "role: expected one of node, witness, found 'king'"
            ),
        ]
    )
    func shape(text: String, description: String) throws {
        let value = try JSONValue(parsing: text)
        let error = #expect(throws: JSONShapeError.self) {
            try StatusReport(json: JSONReader(value))
        }
        #expect(error?.description == description)
    }

    @Test("an error inside an array has the index, and a number has its range")
    func nested() throws {
        let value = try JSONValue(parsing: #"[{"sequence":-1}]"#)
        let error = #expect(throws: JSONShapeError.self) {
            try [HistoryEntry](json: JSONReader(value))
        }
        #expect(
            error?.description == """
                [0].sequence: expected an integer from 0 to 18446744073709551615, found -1
                """
        )
    }

    @Test("the status of as many groups, addresses and voters as there may be can be read")
    func largest() throws {
        var group = try #require(Sample.healthy.groups.first)
        let name = String(repeating: "n", count: 63)
        (group.name, group.owner, group.term) = (name, name, 1 << 48)
        group.reason = "lease of \(name) ran out"
        group.interface = String(repeating: "i", count: 127)
        group.peerReason = "the kernel would refuse the addresses"
        // 4,096 addresses are little more than two for each group.
        group.addresses = (0..<3).map { _ in
            AddressStatus(
                address: "fd77:1111:2222:3333:4444:5555:6666:7777/128",
                isWanted: true,
                isPresent: true,
                validLifetimeSeconds: 10
            )
        }
        group.votes = (0..<9).map { _ in
            VoteStatus(voter: name, counts: true, grantAgeMilliseconds: 30_000, refusal: "abstains")
        }
        var report = Sample.healthy
        report.groups = Array(repeating: group, count: 2000)
        let count = report.json.serialized().utf8.count
        #expect(count > 1 << 20 && count <= JSONValue.lengthLimit, "\(count)")
    }
}
