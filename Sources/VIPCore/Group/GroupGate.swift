/// The gate opens when an owner serves, and follows its deadline.
extension Group {
    /// Opens or extends the gate to what the deadline allows; the page comes first. Of a restored
    /// tenure it is open already, and does not wait for the kernel to be asked about addresses;
    /// unless these may stay for longer than the lease lasts.
    mutating func openGate(in context: StepContext, _ out: inout StepOutput) {
        guard case .owner(var tenure) = role, tenure.doubtedSince == nil,
            tenure.isServing || tenure.gateUntil != nil && !tenure.hasOldLifetimes
        else {
            commit(&out)
            return
        }
        let until = tenure.deadline.boottime
        if let open = tenure.gateUntil, context.now.boottime < open, open < until,
            !mutated(.pageAfterGate)
        {
            // At the end of the step, behind the records of all groups, see `extendGate`.
            return
        }
        tenure.gateUntil = until
        role = .owner(tenure)
        if mutated(.pageAfterGate) {
            out.emit(.openGate(id, until: until))
            commit(&out)
        } else {
            commit(&out)
            out.emit(.openGate(id, until: until))
        }
    }

    /// A gate that is open follows the deadline once the page has it. Many groups are renewed by
    /// one frame: their records are written together, and then their gates are extended.
    mutating func extendGate(_ out: inout StepOutput) {
        guard case .owner(let owner) = role, owner.hasGateToExtend, var tenure = takeTenure()
        else { return }
        tenure.gateUntil = tenure.deadline.boottime
        role = .owner(tenure)
        out.emit(.openGate(id, until: tenure.deadline.boottime))
    }
}
