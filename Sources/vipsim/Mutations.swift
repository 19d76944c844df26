import ArgumentParser
import Glibc
import VIPCore
import VIPSimulation

extension VIPSim {
    func huntMutations() async throws {
        #if VIP_MUTATIONS
            var allCaught = true
            for mutation in Mutation.allCases {
                unsafe activeMutation = mutation
                let caught = await hunt(aim: mutation.aim)
                unsafe activeMutation = nil
                let width = 34 - mutation.rawValue.count
                let name = mutation.rawValue + String(repeating: " ", count: max(1, width))
                // A hunt takes a while, and somebody may be watching through a pipe.
                defer { fflush(nil) }
                guard let caught else {
                    print("\(name)NOT CAUGHT in \(Self.mostSeeds) seeds")
                    allCaught = false
                    continue
                }
                // The rule as it is passes what the broken one does not.
                let sound = RunResult(seed: caught.seed, aim: mutation.aim).violation == nil
                let aim = mutation.aim.map { " of \($0.rawValue)" } ?? ""
                print(
                    "\(name)seed \(caught.seed)\(aim): \(caught.checker.rawValue)"
                        + (sound ? "" : ", but so does the unbroken core")
                )
                allCaught = allCaught && sound
            }
            guard allCaught else { throw ExitCode.failure }
        #else
            throw ValidationError(
                "this vipsim cannot break a rule; build it with VIP_MUTATIONS=1, see make mutations"
            )
        #endif
    }

    #if VIP_MUTATIONS
        private static var mostSeeds: UInt64 { 20_000 }

        private func hunt(aim: Scenario.Aim?) async -> Violation? {
            let fleet = Fleet(jobs: jobs)
            // Most are caught soon: the first rounds are short.
            var (first, count) = (from, UInt64(64))
            while first < from + Self.mostSeeds {
                let campaign = await fleet.run(seeds: first..<(first + count), aim: aim)
                if let violation = campaign.violations.first { return violation }
                first += count
                count = min(count * 2, 256)
            }
            return nil
        }
    #endif
}

#if VIP_MUTATIONS
    extension Mutation {
        /// The runs with the trouble that a rule of the host is for. What breaks a rule of the
        /// lease shows in any.
        fileprivate var aim: Scenario.Aim? {
            switch self {
            case .voterOverwritesLiveGrant, .newIncarnationDoesNotAbstain, .abstentionNotInPage,
                .releaseMatchesByNodeAlone, .ownerCountsFromReceipt, .answersCountedByMessage,
                .successorTermNotFresh, .offerAcceptedTwice, .deadlineUsesCurrentLength,
                .renewalShortensGrant, .ownVoteNotAsked, .ownVoteFreedBeforeGateClosed,
                .releaseWhileGateOpen, .pageAfterGate, .pageAfterFrame, .groupRecordsDropped,
                .refreshPastDeadline, .gateMissingIgnored, .grantTakenUnasked,
                .grantsLongerThanRecorded, .recordLoweredEarly, .acceptedAtOnce, .termsUnbounded,
                .wordOfOtherIgnored, .releaseWithinMargin, .gatesTakenForFound,
                .waitsForKernelForEver, .othersGrantPutOff, .clockReadBeforeFrame, .lateRequestMade:
                nil
            case .oldLifetimesTrusted, .foreignGateRemovedUnderAddresses, .newGateTakenForFound,
                .newGateReliedOn, .onlySeenRemoved, .beforeIgnored, .lifetimesBeforePage:
                .lifetimes
            case .unconfiguredSlotLeftOpen, .slotGivenTwice: .groups
            case .soughtGateNotOpened, .soughtGateNotClosed: .leftovers
            case .gateBelievedUnseen, .oneWholeAttachmentEnough, .noGateTakenForGate,
                .removalToldEarly:
                .gates
            case .surveyNotAwaited, .lossIgnored, .refusedSurveyGivenUp, .surveyNotActedOn,
                .toldSinceSurveyForgotten, .cameMeanwhileIgnored, .refusedRemovalGivenUp,
                .obstacleLeft, .wrongNotLookedAtAgain, .movedNotRecounted, .lossToldFirst:
                .netlink
            }
        }
    }
#endif
