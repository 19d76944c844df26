import Testing
import VIPControl

@Suite("The status page")
struct RenderingTests {
    @Test("of a host that is well")
    func healthy() {
        #expect(
            StatusPage(Sample.healthy).text == """
                cluster lb, host lb1 (node): healthy

                GROUP     STATE    OWNER  TERM   LEASE  ADDRESSES                      SINCE  WHY
                web       owner    lb1      18  431 ms  10.77.0.100/32 here, 8 s left  3m12s  \
                lease of lb2 ran out
                                                        fd77::64/128 here
                database  standby  lb2       7  490 ms  10.77.0.101/32 not here        5h03m  \
                handed over to lb2

                gate: on eth0, eth1, both ways
                  web: open for 388 ms
                  1 more: as they must be

                VOTER  ROLE     PATH                      REACHABLE     RTT      HEARD  HEARS US  \
                NOTE
                lb1    node     this host
                lb2    node     any                       yes        180 us  12 ms ago  yes
                                0: 10.77.0.1 > 10.77.0.2  yes        180 us  12 ms ago  yes
                                1: 10.78.0.1 > 10.78.0.2  yes        1.2 ms  97 ms ago  yes
                w1     witness  0: 10.77.0.1 > 10.77.0.3  yes        2.0 ms  40 ms ago  yes

                vip-agent 0.1.0, pid 812, up 3m12s; heartbeat 100 ms, lease 500 ms, drift 2000 \
                ppm, margin 1 ms
                frames: 5760 sent, 5755 received

                """
        )
    }

    @Test("of a host that is not, in 80 columns")
    func degraded() {
        let text = StatusPage(Sample.degraded, for: Presentation(width: 80)).text
        #expect(
            text == """
                cluster lb, host lb1 (node): DEGRADED
                  - the witness w1 is not heard: one more failure and nobody owns web
                  - lb2 does not hear this host
                  - note: the lease of lb2 is 300 ms, and this host's is 500 ms

                GROUP  STATE          OWNER   TERM  LEASE  \
                ADDRESSES                                   SINCE
                web    fault, forced  nobody    18      -  \
                10.77.0.100/32 HERE, MUST NOT BE, 3 s left  3.2 s
                                                           fd77::64/128 NOT HERE, MUST BE
                    its deadline passed: neither lb2 nor w1 renewed the lease
                  web: interface eth0 is down
                  web: taken by force: the operator has promised that no other host answers
                  web: no planned moves for 42 s more
                  web: the other node would not take over: in maintenance

                gate: MISSING on eth1, for what arrives; in place on eth0: clsact on eth1:
                  EBUSY (Device or resource busy)
                  eth0: RISK: a tcx program runs before it
                  web: OPEN for 12 ms, MUST BE CLOSED; frames dropped: 3 leaving, 41 arriving

                VOTER  ROLE     PATH                      REACHABLE  RTT      HEARD  HEARS US
                lb1    node     this host
                lb2    node     any                       yes          -  12 ms ago  no
                    abstains from voting
                                0: 10.77.0.1 > 10.77.0.2  yes          -  12 ms ago  no
                                1: 10.78.0.1 > 10.78.0.2  no           -  1m05s ago  unknown
                    sendto: Network is unreachable
                w1     witness  0: 10.77.0.1 > 10.77.0.3  no           -      never  unknown
                  - path 0 works one way only: lb1 hears lb2, but lb2 does not hear lb1 (last
                    3.4 s ago)
                  - path 1: lb1 and lb2 do not hear each other
                  - path 0: lb2 does not hear w1 (never did)

                CHECK    STATE    DETAIL
                haproxy  failing  HTTP 503, 3 times

                vip-agent 0.1.0, pid 812, up 2h05m; heartbeat 100 ms, lease 500 ms, drift 2000
                ppm, margin 1 ms
                frames: 9000 sent, 4000 received, 17 not sent, 3 dropped (stale), 1 dropped
                (malformed)
                woken late by 1.2 ms at most, by 0 us within the last minute
                netlink overruns: 1
                log lines dropped: 5

                """
        )
    }
}

@Suite("The history page")
struct HistoryRenderingTests {
    @Test("has a line for each entry, and both sides of a transition")
    func history() {
        #expect(
            HistoryPage(Sample.history).text == """
                TIME                      GROUP     WHAT              TERM  WHY
                2026-11-21T08:24:58.000Z  -         voter_heard: w1      -  w1 is heard and \
                hears this host
                2026-11-21T08:25:00.123Z  web       standby -> owner    18  lease of lb2 ran \
                out: granted by w1 (after 503 ms)
                2026-11-21T08:26:00.000Z  database  fault                7  interface eth1 is \
                down

                """
        )
    }
}
