import Testing
import VIPControl

@Suite("Scratch") struct Scratch {
    @Test func show() {
        print(StatusPage(Sample.healthy).text)
        print(StatusPage(Sample.degraded).text)
        print(StatusPage(Sample.degraded, for: Presentation(width: 80)).text)
        print(StatusPage(Sample.healthy, for: Presentation(width: 100)).text)
        print(StatusPage(Sample.healthy, for: Presentation(width: 120)).text)
        print(HistoryPage(Sample.history).text)
        print(HistoryPage(Sample.history, for: Presentation(width: 80)).text)
    }
}
