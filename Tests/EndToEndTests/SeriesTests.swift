import Testing
import VIPLab

extension EndToEnd {
    /// Agents that come and go, many times in a row; `viplab bench` does it more often.
    @Suite("In a row")
    struct SeriesTests {
        @Test("an owner killed and restarted 20 times", arguments: [false, true])
        func restarts(isWithoutWitness: Bool) throws {
            var series = Series(.restart, count: 20, LabOptions())
            series.isWithoutWitness = isWithoutWitness
            expectNothing(of: series, try series.run())
        }

        @Test("an owner upgraded 15 times under load", arguments: Pace.allCases)
        func upgrades(pace: Pace) throws {
            var series = Series(.upgrade, count: 15, pace.options)
            series.isUnderLoad = true
            expectOneOwner(of: series, try series.run(), pace)
        }

        @Test("an owner's configuration reloaded 15 times under load", arguments: Pace.allCases)
        func reloads(pace: Pace) throws {
            var series = Series(.reload, count: 15, pace.options)
            series.isUnderLoad = true
            expectOneOwner(of: series, try series.run(), pace)
        }

        @Test("with a lease of 15 ms a restart may cost the lease, and never makes two owners")
        func quickRestarts() throws {
            let series = Series(.restart, count: 20, Pace.quick.options)
            expectOneOwner(of: series, try series.run(), .quick)
        }

        /// Nobody has noticed anything, and nothing has grown.
        private func expectNothing(of series: Series, _ report: Series.Report) {
            EndToEndTests.expectNothing(report.seen)
            #expect(report.done == series.count)
            #expect(report.terms[0] == report.terms[1])
            #expect(report.removals == 0)
            #expect(report.transfer.resets == 0)
            #expect(report.transfer.connections == 1)
            #expect(report.transfer.wrongOctets == 0)
            #expect(
                report.usage[1].descriptors <= report.usage[0].descriptors + 2,
                "\(report.usage[0].files), then \(report.usage[1].files)"
            )
            #expect(report.usage[1].memory - report.usage[0].memory < 1 << 20)
        }

        /// With a lease of 15 ms the machine may starve an agent for longer: then the address has
        /// moved, as it has to. How often that may be depends on the machine, and is for `viplab
        /// bench`; that nothing moves but with the lease does not.
        private func expectOneOwner(of series: Series, _ report: Series.Report, _ pace: Pace) {
            if pace == .ordinary || report.isUnnoticed {
                return expectNothing(of: series, report)
            }
            EndToEndTests.expectOneOwner(report.seen)
            #expect(report.done == series.count)
            #expect(report.transfer.wrongOctets == 0)
            #expect(report.terms[0] <= report.terms[1])
            let moves = report.seen.changes(since: .lb1)
            let words = "\(moves) moves, \(report.removals) removals, terms \(report.terms)"
            if report.terms[0] == report.terms[1] {
                #expect(moves == 0, "\(words)")
                #expect(report.removals == 0, "\(words)")
                #expect(report.transfer.resets == 0, "\(words)")
            }
            print("\(series.deed) at \(pace.testDescription): lost \(report.seen.lost), \(words)")
        }
    }
}
