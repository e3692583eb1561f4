// The result of `stint doctor` for people: a table of the servers, then what was found.

import StintService
import WireFormat

struct ExaminationText {
    private let examination: Examination

    init(_ examination: Examination) { self.examination = examination }

    var text: String {
        var parts = ["\(printable(examination.url)): \(kind)"]
        if !examination.servers.isEmpty { parts.append("\(servers)") }
        if !examination.sentinels.isEmpty { parts.append("\(sentinels)") }
        parts.append(findings.joined(separator: "\n"))
        parts.append(summary)
        return parts.joined(separator: "\n\n")
    }

    private var kind: String {
        switch examination.topology {
        case .single: "one server"
        case .cluster: "a cluster"
        case .sentinel: "a primary that sentinels name"
        }
    }

    private var servers: Table {
        let isCluster = examination.topology == .cluster
        var table = Table(
            [.text("SERVER"), .text("ROLE"), .text("PROGRAM")] + (isCluster ? [.number("SLOTS")] : [])
                + [
                    .number("REPLICAS"), .number("PING ms"), .number("WORST ms"), .number("CLOCK ms"),
                    .number("MEMORY"), .text("EVICTION"), .text("APPENDONLY"), .text("DUMPS"),
                ])
        for server in examination.servers {
            let cells: [String?] =
                [server.address, server.role.rawValue, server.program]
                + (isCluster ? [server.slots.map { "\($0)" }] : [])
                + [
                    server.replicas.map { "\($0)" }, server.roundTripMedianMs.map { "\($0)" },
                    server.roundTripWorstMs.map { "\($0)" },
                    server.clockAheadMs.map { "\($0 > 0 ? "+" : "")\($0)" },
                    Self.memory(server), server.maxmemoryPolicy, Self.appendOnly(server),
                    server.save.map { $0.isEmpty ? "no" : $0 },
                ]
            table.add(cells.map { $0 ?? "-" })
        }
        return table
    }

    private static func memory(_ server: ExaminedServer) -> String? {
        guard let used = server.memoryUsedBytes else { return nil }
        let bound = server.maxmemoryBytes.map { $0 == 0 ? "" : " of \(mebibytes($0))" } ?? ""
        return "\(mebibytes(used))\(bound) MiB"
    }

    private static func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 19)) >> 20)" }

    private static func appendOnly(_ server: ExaminedServer) -> String? {
        server.appendonly.map { $0 ? server.appendfsync ?? "yes" : "no" }
    }

    private var sentinels: Table {
        var table = Table(
            .text("SENTINEL"), .text("NAMES"), .number("QUORUM"), .number("SENTINELS"),
            .number("DOWN AFTER ms"))
        for sentinel in examination.sentinels {
            table.add(
                [
                    sentinel.address, sentinel.primary, sentinel.quorum.map { "\($0)" },
                    sentinel.sentinels.map { "\($0)" }, sentinel.downAfterMs.map { "\($0)" },
                ].map { $0 ?? "-" })
        }
        return table
    }

    /// What is right is shown once, with all servers that it is right of.
    private var findings: [String] {
        var shown: Set<String> = []
        return examination.findings.compactMap { finding in
            let level = finding.level.rawValue.padding(to: 9)
            var place = finding.server.map { "\($0): " } ?? ""
            if finding.level == .ok, finding.server != nil {
                guard shown.insert(finding.text).inserted else { return nil }
                let servers = examination.findings.count { $0.level == .ok && $0.text == finding.text }
                if servers > 1 { place = "\(servers) servers: " }
            }
            let type = finding.type.map { "\n         Type: \(printable($0))" } ?? ""
            return "\(level)\(printable(place + finding.text))\(type)"
        }
    }

    private var summary: String {
        func count(_ level: Finding.Level, _ word: String) -> String {
            let number = examination.findings.count { $0.level == level }
            return "\(number) \(word)\(number == 1 ? "" : "s")"
        }
        let counts = "\(count(.error, "error")), \(count(.warning, "warning"))"
        return examination.isFit ? "Fit to serve: \(counts)." : "Not fit to serve: \(counts)."
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
