/// All that can keep a cluster from standing the failure of any one host.
package enum HealthSentence: String, Sentence {
    // This host.
    case gateMissing = "the gate is not in place"
    case votersChanged =
        "the voters or the groups' addresses have changed: run 'vip-agent accept-voters'"
    case leaseUnrecorded =
        "this host's lease can't be written to its state directory, so do not shorten it: …"
    case claimed = """
        … claims … (…, last … ago), which is here: find that host by its MAC address in the \
        switch, and take the address off it
        """
    case moreClaimed = "… more addresses are claimed by other hosts"
    case thisVoterAbstains = "this host's voter abstains for another …"

    // A group.
    case forced = "group … is owned by force"
    case idleHolder = "… has the lease of group … and does not serve it"
    case unowned = "nobody is known to own group …"
    case impaired = "group … can't run here: …"
    case noSuccessor = "no other node is ready for group …"
    case addressMissing = "… is missing here"
    case addressUnwanted = "… should not be here"

    // A vote that is missing, and why.
    case noVote = "… does not vote for …: …"
    case askedJustNow = "it was asked a moment ago, and has not answered yet"
    case questionsLost = """
        it is heard, but does not answer requests: are larger frames lost on the way (path MTU)?
        """
    case ownerSaysSo = "so says the owner; 'vipctl status' there tells why"
    case groupNotInFile = "its file does not have the group: put it there, and reload its agent"
    case voterRecords =
        "it has not written the lease to its disk yet: look at the disk of its state directory"

    // Files that differ.
    case timingDiffers = """
        the file of … has another heartbeat, lease, drift or margin: make the files the same, and \
        reload
        """
    case groupLacking = "… does not have …: make the files the same, and reload"
    case groupUnsaid =
        "… is heard, but says nothing of …: are larger frames lost on the way (path MTU)?"
    case groupDiffers = """
        the file of … has other addresses, prefer or failback for …: make the files the same, and \
        reload
        """
    case groupsDiffer = """
        the file of … has other groups, or other addresses, prefer or failback for them: make the \
        files the same, and reload
        """

    // Another voter, and the ways between voters.
    case duplicateName = "two live hosts use the name …"
    case voterSetsDiffer = "… has other voters in its configuration"
    case unheard = "… is not heard"
    case deaf = "… is heard, but does not hear this host"
    case voterSuspended = "… waits for 'vip-agent accept-voters', and does not vote"
    case voterAbstains = "… abstains after a start, and does not vote yet"
    case voterStops = "the agent of … is stopping"
    case pathUnheard = "… is not heard over path …"
    case pathDeaf = "… does not hear this host over path …"
    case silence = "… does not hear …"
    case distance = """
        an answer between … and … takes up to …, which is too late for a vote: it has to come \
        within half the lease, …; shorten the way, or lengthen the lease
        """

    // Arithmetic.
    case oneNode = "there is one node only, and nobody takes over when it fails: add another node"
    case noSpareVoter = """
        … voters can't do without one of them, for a majority is …: add a witness on a third host
        """
    case fatal = "if … fails now, nobody serves group …: …"
}
