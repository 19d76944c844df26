/// All groups of an agent, and which of them a step has to look at: those that something has
/// happened to, and those that have something due. What a step costs does not grow with the others.
///
/// That nothing is missed rests on two things. A group changes nowhere but in `change`, which puts
/// it among those that are looked at, and `settle` then asks it anew what will be due when. And
/// what will be due depends on nothing else but the `Circumstances`: when they change, all groups
/// are looked at.
struct Groups: Sendable {
    /// In the order of their ids.
    private(set) var all: [Group]
    private let ids: [GroupID]
    private var agenda: Agenda
    private var touched: GroupSet
    /// As of the last `settle`.
    private(set) var owners: GroupSet
    /// Those that are not at rest: no standby, or one that has releases to repeat.
    private(set) var busy: GroupSet
    /// Those that wait for their gates to be closed, or for what comes after that.
    private var lettingGo: GroupSet
    /// For tests: every step looks at all groups. It must make no difference.
    var looksAtAll = false

    init(_ groups: [Group]) {
        all = groups
        ids = groups.map(\.id)
        precondition(
            zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 },
            "groups stand in the order of their ids, none of them twice"
        )
        agenda = Agenda(count: groups.count)
        touched = GroupSet(count: groups.count)
        owners = touched
        busy = touched
        lettingGo = touched
    }

    /// Its index, by binary search.
    func index(of id: GroupID) -> Int? {
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id ? low : nil
    }

    /// Of each group the one of `facts` that is about it, in the order of the groups.
    func inOrder<Fact>(_ facts: [Fact], _ id: (Fact) -> GroupID) -> [Fact?] {
        var found: [Fact?] = Array(repeating: nil, count: all.count)
        for fact in facts.reversed() {
            if let index = self.index(of: id(fact)) { found[index] = fact }
        }
        return found
    }

    var touchedCount: Int { touched.count }

    /// What all groups have in prospect, as of the last `settle`.
    var prospect: Prospect { agenda.all }

    // MARK: - During a step

    @inline(__always)
    mutating func change<Result>(_ index: Int, _ body: (inout Group) -> Result) -> Result {
        touched[index] = true
        return body(&all[index])
    }

    /// The same condition again, as in most heartbeats: only when it was heard is noted, and as
    /// nothing follows from that, nobody has to look at the group.
    mutating func hearAgain(
        _ condition: Condition,
        of index: Int,
        from voter: Int,
        in context: StepContext
    ) -> Bool {
        all[index].hearAgain(condition, from: voter, in: context)
    }

    /// How each group stands with this host. Changes nothing, see `state(of:in:)`.
    mutating func conditions(in context: StepContext, _ body: (Condition) -> Void) {
        for index in all.indices { body(Self.condition(of: &all[index], in: context)) }
    }

    private static func condition(of group: inout Group, in context: StepContext) -> Condition {
        group.condition(in: context)
    }

    mutating func changeAll(_ body: (inout Group) -> Void) {
        for index in all.indices { change(index, body) }
    }

    mutating func changeLettingGo(_ body: (inout Group) -> Void) {
        touched.formUnion(lettingGo)
        for index in lettingGo { body(&all[index]) }
    }

    /// In their order: those that were touched in this step.
    @inline(__always)
    mutating func changeTouched(_ body: (inout Group) -> Void) {
        for index in touched { body(&all[index]) }
    }

    mutating func touchAll() {
        for index in all.indices { touched[index] = true }
    }

    mutating func touchOwners() { touched.formUnion(owners) }

    /// A step begins: those that have something due are looked at.
    mutating func begin(at now: Reading) {
        touched.removeAll()
        if looksAtAll { return touchAll() }
        agenda.forEachDue(at: now) { touched[$0] = true }
    }

    /// All is done that was to be done to them in this step.
    mutating func settle(in context: StepContext) {
        for index in touched {
            let state = Self.state(of: &all[index], in: context)
            owners[index] = state.isOwner
            busy[index] = !state.isIdle
            lettingGo[index] = state.isLettingGo
            agenda.set(state.prospect, at: index)
        }
        agenda.join()
    }

    /// Changes nothing: it is `inout` because an array lends an element only for that, and has it
    /// copied to be read.
    private static func state(
        of group: inout Group,
        in context: StepContext
    ) -> (isOwner: Bool, isIdle: Bool, isLettingGo: Bool, prospect: Prospect) {
        (group.isOwner, group.isIdle, group.isLettingGo, group.prospect(in: context))
    }
}

extension Agent {
    /// At how many groups the last step has looked: for tests.
    package var groupsLookedAt: Int { groups.touchedCount }

    /// The same agent, but every step looks at all groups: for tests, as it makes no difference.
    package var lookingAtAllGroups: Agent {
        var agent = self
        agent.groups.looksAtAll = true
        return agent
    }
}
