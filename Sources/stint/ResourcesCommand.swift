// `stint resources ...`: what accounts own, and how much of it they may, through the admin API.

import AdminClient
import ArgumentParser
import Foundation
import NIOHTTP1
import WireFormat

struct ResourcesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resources", abstract: "List, add and remove the named things that an account owns.",
        subcommands: [List.self, Add.self, Remove.self])
}

/// Whose thing it is, of which kind, and what it is called.
struct ResourceArguments: ParsableArguments {
    @Argument(help: "whose it is") var account: String
    @Argument(help: "a kind of the account's plan, such as secrets") var kind: String
    @Argument(help: "1 to 200 bytes without control characters") var name: String

    var path: String { AdminClient.path(["v1", "accounts", account, "resources", kind, name]) }
}

extension ResourcesCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List how much of each kind is used, or the things of one kind.")
        @Argument(help: "whose things") var account: String
        @Argument(help: "a kind of the account's plan; left out, all kinds are counted") var kind: String?
        @Option(help: "things at most, 1 to 1000") var limit = 1_000
        @Option(help: .init("begin behind this one", valueName: "name")) var after: String?
        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard kind != nil || after == nil else {
                throw ValidationError("--after: is for one kind. Type: stint resources list ACCOUNT KIND")
            }
        }

        func run() async throws {
            if let kind { try await things(of: kind) } else { try await uses() }
        }

        private func uses() async throws {
            let reply = try await options.withClient {
                try await $0.get("v1", "accounts", account, "resources")
            }
            if options.format == .json { return Terminal.show(json: reply.body) }
            var table = Table(.text("KIND"), .number("USED"), .number("QUOTA"))
            for use in try reply.decoded(as: ResourceUses.self).resources {
                table.add(use.kind, String(use.used), String(use.quota))
            }
            Terminal.write("\(table)")
        }

        private func things(of kind: String) async throws {
            var query = ["limit": String(limit)]
            query["after"] = after
            let asked = query
            let reply = try await options.withClient {
                try await $0.get("v1", "accounts", account, "resources", kind, query: asked)
            }
            if options.format == .json { return Terminal.show(json: reply.body) }
            let page: ResourcePage = try reply.decoded()
            var table = Table(.text("NAME"), .text("METADATA"))
            for thing in page.names { table.add(thing.name, try thing.metadata.map(Self.text) ?? "") }
            Terminal.write("\(table)")
            Terminal.say("\(page.used) of \(page.quota) \(kind)")
            if let next = page.next { Terminal.say("there are more. Add: --after '\(next)'") }
        }

        private static func text(_ metadata: [String: JSONValue]) throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(metadata), as: UTF8.self)
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a thing, if the quota has place, or change its metadata.",
            discussion: "Metadata is for people who look; a secret's value does not belong there.")
        @OptionGroup var resource: ResourceArguments
        @Option(
            help: .init(
                "a JSON object of at most 1024 bytes; left out, what is there stays", valueName: "json"))
        var metadata: String?
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let reply = try await options.withClient { client in
                try await client.send(.PUT, resource.path, body: metadata.map { Array($0.utf8) })
            }
            if options.format == .json { return Terminal.show(json: reply.body) }
            let body: ResourceBody = try reply.decoded()
            let done = reply.status == 201 ? "added" : "was there"
            Terminal.say("\(body.name): \(done), \(body.used) of \(body.quota) \(body.kind)")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Release a thing.")
        @OptionGroup var resource: ResourceArguments
        @OptionGroup var options: AdminOptions

        func run() async throws {
            _ = try await options.withClient { try await $0.send(.DELETE, resource.path) }
            if options.format == .text { Terminal.say("\(resource.name): removed") }
        }
    }
}
