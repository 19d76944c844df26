/// What the matrix of links says that a table of one host's view does not: links that work one way
/// only, and links that do not work at all, between any two voters.
struct LinkFindings {
    /// One sentence a finding, in the order of the matrix.
    let lines: [String]

    init(_ links: [LinkStatus]) {
        var lines: [String] = []
        for (index, link) in links.enumerated() {
            let reverseIndex = links.firstIndex {
                $0.from == link.to && $0.to == link.from && $0.path == link.path
            }
            guard let reverseIndex else {
                if !link.isHeard { lines.append(Self.deaf(link)) }
                continue
            }
            // Both directions are told in one sentence, where the first of them stands.
            guard index < reverseIndex else { continue }
            let reverse = links[reverseIndex]
            switch (link.isHeard, reverse.isHeard) {
            case (true, true): break
            case (true, false): lines.append(Self.oneWay(works: link, fails: reverse))
            case (false, true): lines.append(Self.oneWay(works: reverse, fails: link))
            case (false, false):
                lines.append(
                    "path \(link.path): \(link.from) and \(link.to) do not hear each other"
                )
            }
        }
        self.lines = lines
    }

    private static func oneWay(works: LinkStatus, fails: LinkStatus) -> String {
        """
        path \(works.path) works one way only: \(works.to) hears \(works.from), but \
        \(fails.to) does not hear \(fails.from) (\(lastHeard(fails)))
        """
    }

    private static func deaf(_ link: LinkStatus) -> String {
        "path \(link.path): \(link.to) does not hear \(link.from) (\(lastHeard(link)))"
    }

    private static func lastHeard(_ link: LinkStatus) -> String {
        link.ageMilliseconds.map { "last " + HumanTime.text(milliseconds: $0) + " ago" }
            ?? "never did"
    }
}
