import Glibc

/// Asks every millisecond until it is so, up to a bound that only a failing test meets. Whether it
/// became so.
public func wait(seconds: Double = 10, until isSo: () throws -> Bool) rethrows -> Bool {
    let limit = ContinuousClock.now + .seconds(seconds)
    while try !isSo() {
        guard ContinuousClock.now < limit else { return false }
        usleep(1000)
    }
    return true
}

/// Waits until the descriptor is readable, up to a bound that only a failing test meets.
public func waitReadable(_ descriptor: Int32, seconds: Int32 = 10) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, seconds * 1000) == 1
}
