// The routes of the dashboard: its pages and their files. An error of a page is a page, too.

import Accounting
import ControlStore
import Dashboard
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Redis
import WireFormat

struct DashboardRoutes: Sendable {
    let controlPlane: ControlPlane
    /// Nil if the ledger is in memory.
    let past: PastUse?

    static func table(_ controlPlane: ControlPlane) -> [AdminRoutes.Route] {
        let past = PastUse(controlPlane)
        let routes = DashboardRoutes(controlPlane: controlPlane, past: past)
        let feed = LiveFeed(metrics: controlPlane.metrics) { await past?.liveTop() ?? [] }
        return [
            route("/") { try await routes.overview($0).response() },
            route("/accounts", routes.wayToAccount),
            route("/accounts/:account") { try await routes.account($0).response() },
            assets(), LiveRoute.route(feed),
        ]
    }

    private static func route(
        _ path: String, _ respond: @escaping @Sendable (AdminRequest) async throws -> Response
    ) -> AdminRoutes.Route {
        AdminRoutes.Route(.get, path) { request in
            do {
                return try await respond(request)
            } catch let problem as Problem {
                return Page(problem).response()
            } catch let error as RedisError {
                request.context.logger.warning(
                    "a command to Redis failed", metadata: ["error": "\(error)"])
                return Page(Problem(error)).response()
            }
        }
    }

    private static func assets() -> AdminRoutes.Route {
        AdminRoutes.Route(.get, "/assets/:file", scope: .none) { request in
            _ = try request.query()
            let name = try request.segment("file")
            guard let asset = Asset.all.first(where: { $0.name == name }) else {
                throw Problem(.notFound, detail: "unknown file; load the page again")
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: asset.mediaType, .cacheControl: "public, max-age=31536000, immutable",
                ],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
        }
    }

    private func overview(_ request: AdminRequest) async throws -> Page {
        _ = try request.query()
        var top: AccountPage.Part<TopBody>?
        if let past { top = await Self.part { try await past.top() } }
        return OverviewPage(counts: OverviewPage.Counts(ProcessCounts(controlPlane.metrics)), top: top).page
    }

    /// The target of the form: redirects to the page of the account that was typed. Answers with
    /// the page itself if no path can contain the name, and with an error page for an invalid name.
    private func wayToAccount(_ request: AdminRequest) async throws -> Response {
        let query = try request.query("account", "parts")
        let name = try query.text("account", maximumBytes: 4_096) ?? ""
        guard let account = Account(name) else {
            let problem = Problem(
                .malformedAccount, detail: "invalid account '\(name)': it must be \(Account.rule)")
            return Page(problem, sought: name).response()
        }
        let parts: Parts? = try query.choice("parts")
        guard AccountAddress.hasPath(account) else {
            return try await page(of: account, parts).response()
        }
        return Response(
            status: .seeOther,
            headers: [.location: AccountAddress.link(to: account.name), .cacheControl: "no-store"])
    }

    private func account(_ request: AdminRequest) async throws -> Page {
        let parts: Parts? = try request.query("parts").choice("parts")
        return try await page(of: request.account, parts)
    }

    /// An account's page. With `parts=now` it has only what changes every second.
    private func page(of account: Account, _ asked: Parts?) async throws -> Page {
        let isNow = asked == .now
        let routes = AccountRoutes(controlPlane: controlPlane)
        guard let ledger = controlPlane.ledger, let past else {
            return Page(unkept: account.name)
        }
        let plan = controlPlane.planBook().plan(of: account)
        // Turns expired holds into rows of the log first.
        let state = try await routes.state(of: account)
        let cells = await Self.part { try await ledger.cells(account, plan) }
        let log = await Self.part {
            try await routes.log(of: account, limit: AccountPage.maximumRows)
        }
        var history: [AccountPage.Part<(RollupStep, UsageBody)>]?
        if !isNow {
            history = []
            for step in RollupStep.allCases {
                history?.append(await Self.part { (step, try await past.usage(of: account, by: step)) })
            }
        }
        return AccountPage(
            state: state, plan: plan, cells: cells, log: log, history: history, clock: controlPlane.clock()
        ).page
    }

    private enum Parts: String, CaseIterable { case now }

    /// Reads a part of a page. An error replaces only this part.
    private static func part<Value>(_ read: () async throws -> Value) async -> AccountPage.Part<Value> {
        do {
            return .success(try await read())
        } catch let problem as Problem {
            return .failure(problem)
        } catch let error as RedisError {
            return .failure(Problem(error))
        } catch {
            return .failure(Problem(.internalError, detail: "\(error)"))
        }
    }
}

extension Page {
    fileprivate func response() -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension OverviewPage.Counts {
    fileprivate init(_ counts: ProcessCounts) {
        self.init(
            decisions: counts.decisions, admitted: counts.admitted, denied: counts.denied,
            settled: counts.settled, unavailable: counts.unavailable, connections: counts.connections,
            ledgerMs: counts.ledgerMs)
    }
}
