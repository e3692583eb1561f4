// What to type about a server that does not answer, and the `redis-cli` of a server.

import Redis

/// Commands for people, for the servers of one URL.
struct Advice {
    let url: RedisURL

    /// `redis-cli` with the way to a server. The user and the password are left to the person.
    func client(_ address: RedisURL.Address) -> String {
        let way =
            switch address {
            case .tcp(let host, let port): "-h \(host) -p \(port)"
            case .unix(let path): "-s \(path)"
            }
        return "redis-cli \(way)\(url.usesTLS ? " --tls" : "")"
    }

    func set(_ parameter: String, at address: RedisURL.Address) -> String {
        "\(client(address)) CONFIG SET \(parameter)"
    }

    /// Whether waiting changes nothing about the reason: the server has answered, and refuses.
    static func isFinal(_ reason: String) -> Bool {
        ["NOAUTH", "WRONGPASS", "it is a node of", "it is not a node of", "it is a replica of"]
            .contains { reason.contains($0) }
    }

    /// About a server that does not answer as it should.
    /// - Parameters:
    ///   - reason: what a connection to it met.
    ///   - address: where it is.
    ///   - isSentinel: whether it is a sentinel.
    func connecting(_ reason: String, at address: RedisURL.Address, isSentinel: Bool) -> String {
        let secret =
            isSentinel
            ? "--redis-sentinel-password-file FILE, and --redis-sentinel-user NAME if sentinels have users"
            : "--redis-url-file FILE, with a URL that has the user and the password: "
                + "redis://USER:PASSWORD@HOST:PORT (without USER for the default one)"
        let plain = url.usesTLS ? ". Without TLS the URL begins with redis in place of rediss" : ""
        let cases: [(signs: [String], advice: String)] = [
            (["NOAUTH", "WRONGPASS", "AUTH was refused"], secret),
            (
                ["SSL", "TLS", "certificate", "handshake"],
                "--redis-trust-roots FILE, with the certificate that signed the server's\(plain)"
            ),
            (["cannot be resolved"], "getent hosts HOST, to see whether this machine knows the name"),
            (
                ["no primary called", "no primary of that name"],
                "\(client(address)) SENTINEL MASTERS, to see the names that it knows"
            ),
            (
                ["no answer", "not answering", "no reply", "closed the connection"],
                "\(client(address)) PING. If it answers, but slowly: --redis-connect-deadline-ms 1000\(plain)"
            ),
        ]
        let found = cases.first { one in one.signs.contains { reason.contains($0) } }
        return found?.advice ?? "\(client(address)) PING, to see whether it runs there"
    }
}
