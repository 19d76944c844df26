import Glibc
import Synchronization

/// nginx in a host, with a configuration, a prefix and a process of its own: what is installed or
/// runs outside the lab is not touched.
public final class WebServer: Sendable {
    public let host: Host
    private let process: ChildProcess

    public static let port: UInt16 = 80

    /// Starts, and returns when it accepts connections.
    public init(in lab: Lab, on host: Host) throws(LabError) {
        self.host = host
        let directory = "\(lab.directory)/\(host)/web"
        try Files.makeDirectory(directory)
        try Files.write(Self.configuration(host, directory), to: "\(directory)/nginx.conf")
        let null = try Cleaner.openNull()
        let log = unsafe open("\(directory)/output.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw .system("open the log of nginx on \(host)") }
        defer { close(log) }
        do throws(LabError) {
            process = try ChildProcess.start(
                ["/usr/sbin/nginx", "-p", directory, "-c", "\(directory)/nginx.conf"],
                in: lab.namespace(of: host),
                streams: .init(input: null.number, output: log, error: log)
            )
        } catch {
            throw LabError("\(error.attempted)", found: error.found, advice: "run 'make deps'")
        }
        lab.running.withLock { $0.others.append(process) }

        let loopback = try InternetAddress("127.0.0.1")
        let deadline = Moment.now + .seconds(5)
        while Moment.now < deadline, process.isRunning {
            let accepted = try lab.namespace(of: host).run { () throws(LabError) in
                guard let socket = Socket.connection(to: loopback, port: Self.port) else {
                    return false
                }
                return Socket.wait(for: [socket], until: POLLOUT, atMost: 100)[0]
                    && socket.send([])
            }
            if accepted { return }
            sleep(for: .milliseconds(5))
        }
        process.killAndWait()
        throw LabError(
            "start nginx on \(host)",
            found: Files.read("\(directory)/output.log") ?? "it accepted no connection for 5 s"
        )
    }

    public func end() {
        process.killAndWait()
    }

    private static func configuration(_ host: Host, _ directory: String) -> String {
        """
        daemon off;
        master_process off;
        pid \(directory)/nginx.pid;
        error_log stderr warn;
        events { worker_connections 512; }
        http {
            access_log off;
            client_body_temp_path \(directory)/body;
            proxy_temp_path \(directory)/proxy;
            fastcgi_temp_path \(directory)/fastcgi;
            uwsgi_temp_path \(directory)/uwsgi;
            scgi_temp_path \(directory)/scgi;
            server {
                listen \(port);
                listen [::]:\(port) ipv6only=on;
                location / { return 200 "\(host)\\n"; }
            }
        }

        """
    }
}
