// Certificates that last for one test, made by openssl as an operator makes them.

import NIOSSL
import TestServers

struct Certificates {
    let place: Workplace

    /// The authority that signed everything here.
    var authority: String { place.file("ca.pem") }
    var certificate: String { place.file("server.pem") }
    var key: String { place.file("server.key") }
    var clientCertificate: String { place.file("client.pem") }
    var clientKey: String { place.file("client.key") }

    /// What `stint serve` is told.
    var arguments: [String] { ["--tls-certificate", certificate, "--tls-key", key] }

    init(in place: Workplace) async throws {
        self.place = place
        try await openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
                + [
                    "-keyout", place.file("ca.key"), "-out", authority, "-days", "2", "-subj",
                    "/CN=test authority",
                ])
        try await issue("server", serial: 1)
        try await issue("client", serial: 2)
    }

    /// Makes `NAME.key` and `NAME.pem`, which says that its owner is 127.0.0.1.
    func issue(_ name: String, serial: Int) async throws {
        let request = place.file("\(name).csr")
        try await openssl(
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)"]
                + ["-keyout", place.file("\(name).key"), "-out", request])
        let extensions = try place.write("subjectAltName=IP:127.0.0.1\n", to: "\(name).ext")
        try await openssl(
            ["x509", "-req", "-in", request, "-CA", authority, "-CAkey", place.file("ca.key"), "-days", "2"]
                + ["-set_serial", "\(serial)", "-extfile", extensions, "-out", place.file("\(name).pem")])
    }

    /// For a server of the test's own.
    func context() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))))
    }

    private func openssl(_ arguments: [String]) async throws {
        let (ending, output) = try await place.outside(["openssl"] + arguments)
        guard ending == .exited(0) else { throw Unexpected("openssl \(arguments[0]): \(output)") }
    }
}

extension Workplace {
    /// Runs somebody else's program to its end, which must be soon.
    func outside(_ arguments: [String]) async throws -> (ending: ChildProcess.Ending?, output: String) {
        let log = file("outside.log")
        _ = try write("", to: "outside.log")
        let child = try ChildProcess(arguments, log: log)
        try await eventually("\(arguments[0]) ends", within: Self.timeout) { !child.isRunning }
        return (child.ending, contents(of: log))
    }

    /// What `curl` says about one request: its exit code, and the status (000 without a reply) and
    /// body of the reply.
    func curl(_ arguments: String...) async throws -> (code: Int32, reply: String) {
        let fixed = ["curl", "--silent", "--max-time", "10", "--write-out", " %{http_code}"]
        let (ending, output) = try await outside(fixed + arguments)
        guard case .exited(let code) = ending else { throw Unexpected("curl: \(output)") }
        return (code, output)
    }
}
