// A server that imitates an admin API with hostile text: every name, id and error contains control
// characters for a terminal.

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import WireFormat

struct LyingAdmin: Sendable {
    /// A title for the window, a colour, a cleared screen, a text that runs backwards, and lines
    /// that nobody has written.
    static let name =
        "evil\u{1B}]0;owned\u{7}\u{1B}[2J\u{9B}31m\u{202E}\u{2066}\u{200F}\u{2028}\u{85}\u{7F}\r\nforged: all is well\n"

    /// Gives `body` the URL of one.
    /// - Parameter isRefusing: says no to everything, in a problem.
    static func withServer<Result>(
        isRefusing: Bool, isolation: isolated (any Actor)? = #isolation,
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Liar(isRefusing: isRefusing))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body("http://127.0.0.1:\(listener.localAddress?.port ?? 0)")
            try await listener.close()
            return result
        } catch {
            try await listener.close()
            throw error
        }
    }

    private final class Liar: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let isRefusing: Bool
        private var uri = ""

        init(isRefusing: Bool) { self.isRefusing = isRefusing }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): uri = head.uri
            case .body: break
            case .end:
                let body = isRefusing ? Self.problem : Self.lie(about: uri)
                let headers: HTTPHeaders = ["Content-Length": "\(body.count)", "ETag": "\"\u{9B}31m7\""]
                let head = HTTPResponseHead(
                    version: .http1_1, status: isRefusing ? .notFound : .ok, headers: headers)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        private static var problem: [UInt8] { Problem(.notFound, detail: LyingAdmin.name).json }

        /// JSON with as few escapes as there may be.
        private static func lie(about uri: String) -> [UInt8] {
            let name = LyingAdmin.name
            let plan: [String: Any] = [
                "name": name, "minimumGrantMs": 1, "resources": [name: 1], "whenUnavailable": "deny",
                "kinds": [name: [:]],
                "limits": [["name": name, "meter": name, "amount": 1, "windowMs": 1_000, "cells": 1]],
            ]
            let execution: [String: Any] = [
                "id": name, "function": name, "kind": name, "at": 0, "admittedAt": 0, "grantedMs": 1,
                "durationMs": 1,
                "outcome": name, "overrunMs": 0, "overCeiling": false, "deadline": 1,
            ]
            let use: [String: Any] = [
                "name": name, "meter": name, "amount": 1, "used": 1, "remaining": 0, "windowMs": 1_000,
                "percent": 100,
            ]
            let counts: [String: Any] = [
                "at": 0, "function": name, "executions": 1, "executionMs": 1, "errors": 0,
                "denials": [name: 1],
                "peakPercent": [name: 100],
            ]
            var everything = plan
            everything.merge([
                "default": name, "plans": [plan], "broken": [name], "account": name, "plan": name,
                "kind": name,
                "metadata": [name: name], "used": 1, "quota": 1, "next": name,
                "names": [["name": name, "metadata": [name: name]]],
                "holds": ["count": 2, "items": [execution]], "executions": [execution], "sort": name,
                "from": 0, "to": 1,
                "accounts": [["account": name, "value": 1, "percent": 100]], "step": name, "points": [counts],
                "functions": [counts], "revision": 7,
            ]) { $1 }
            // What these members are depends on whom they are about.
            if uri.hasSuffix("/resources") {
                everything["resources"] = [["kind": name, "used": 1, "quota": 1]]
            }
            if uri == "/v1/accounts/acme" { everything["limits"] = [use] }
            return (try? JSONSerialization.data(withJSONObject: everything)).map(Array.init) ?? []
        }
    }
}
