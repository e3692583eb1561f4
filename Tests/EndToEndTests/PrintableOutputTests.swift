// Commands print text from elsewhere: a terminal obeys none of it, and it cannot add a line.

import Foundation
import TestServers
import Testing

extension EndToEnd {
    @Suite("Printable output")
    struct PrintableOutputTests {
        static let commands = [
            ["plan", "list"], ["plan", "show", "p"], ["plan", "default", "p"], ["account", "show", "acme"],
            ["account", "top"],
            ["account", "usage", "acme"], ["account", "log", "acme"], ["resources", "list", "acme"],
            ["resources", "list", "acme", "secrets"], ["resources", "add", "acme", "secrets", "s"],
            ["account", "set-plan", "acme", "--plan", "p"],
        ]

        /// What a terminal would obey, line feeds apart.
        private static func obeyed(in output: String) -> [Unicode.Scalar] {
            output.unicodeScalars.filter {
                switch $0.properties.generalCategory {
                case .control: $0 != "\n"
                case .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            }
        }

        private static func expectPrintable(_ output: String, _ command: [String]) {
            #expect(obeyed(in: output).isEmpty, "\(command): \(output.debugDescription)")
            #expect(
                !output.split(separator: "\n").contains { $0.hasPrefix("forged") }, "\(command): \(output)")
        }

        @Test(
            "A lying admin API reaches no terminal: as text, as JSON that stays JSON, and in errors",
            arguments: commands)
        func lies(command: [String]) async throws {
            try await Workplace.open { place in
                try await LyingAdmin.withServer(isRefusing: false) { url in
                    let text = try await place.run(command + ["--admin", url])
                    // Names that cannot be read are an error of their own.
                    #expect(text.ending == .exited(command == ["plan", "list"] ? 1 : 0), "\(text.output)")
                    Self.expectPrintable(text.output, command)
                    let json = try await place.run(command + ["--admin", url, "--format", "json"])
                    #expect(json.ending == .exited(0), "\(json.output)")
                    Self.expectPrintable(json.output, command)
                    let body =
                        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
                    #expect(body?["account"] as? String == LyingAdmin.name)
                }
                try await LyingAdmin.withServer(isRefusing: true) { url in
                    let refused = try await place.run(command + ["--admin", url])
                    #expect(refused.ending == .exited(1))
                    #expect(
                        refused.output.hasPrefix("Error: Not Found: evil\\u001B]0;owned"), "\(refused.output)"
                    )
                    #expect(refused.output.split(separator: "\n").count == 1)
                    Self.expectPrintable(refused.output, command)
                }
            }
        }

        @Test("Names in traces, plans, histories and arguments reach no terminal either")
        func files() async throws {
            try await Workplace.open { place in
                let name = "a\u{1B}[2J\u{9B}31m\u{202E}"
                let trace = try place.write(
                    "offset_ms,account,function,duration_ms\n0,\(name),f,4000\n0,\(name),f,4000\n",
                    to: "trace.csv")
                let plan =
                    "plans: {p: {limits: [{name: n, meter: executions, amount: 1, windowMs: 60000}]}}\n"
                let plans = try place.write("default: p\n\(plan)", to: "plans.yaml")
                // As files write them: raw controls are refused there, and not repeated.
                let escaped = #"a\u001b[2J\u009b31m\u202e"#
                let bad = try place.write(
                    "default: \"\(escaped)\"\n\(plan)", to: "bad.yaml")
                let history = try place.write("{\"question\":\"\(escaped)\"}\n", to: "history.jsonl")
                for (command, status) in [
                    (["simulate", trace, "--plans", plans], 0),
                    (["simulate", trace, "--plans", plans, "--format", "json"], 0),
                    (["plan", "check", bad], 1), (["audit", history], 1), (["audit", name], 1),
                    (["replay", name], 1),
                    (["plan", "list", "--\(name)"], 64), (["serve", "--ledger", name], 1),
                    (["token", "list", "--file", name], 1), (["load", "--skew", name], 64),
                ] as [([String], Int32)] {
                    let (ending, output) = try await place.run(command)
                    #expect(ending == .exited(status), "\(command): \(output)")
                    #expect(
                        output.lowercased().contains(#"\u009b31m\u202e"#),
                        "\(command): \(output.debugDescription)")
                    #expect(Self.obeyed(in: output).isEmpty, "\(command): \(output.debugDescription)")
                }
            }
        }
    }
}
