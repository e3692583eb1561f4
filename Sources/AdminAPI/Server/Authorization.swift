// Who may use which route. The check wraps what a route does, so a route that is reached is a route
// that was checked, however its path was spelt.

import Access
import Foundation
import HTTPRequests
import HTTPTypes
import Hummingbird
import Logging
import WireFormat

struct Authorization: Sendable {
    /// Whose requests are answered; nil: everybody's.
    let tokens: CurrentTokens?

    /// Does what the route does if the request may.
    func guarding(
        _ scope: AdminRoutes.Scope, _ request: Request, _ context: AdminContext,
        respond: (AdminContext) async throws -> Response
    ) async throws -> Response {
        guard let tokens, let needed = scope.needed else { return try await respond(context) }
        let field = request.headers[.authorization]
        var context = context
        do throws(AuthenticationError) {
            let caller = try Self.caller(field, request.method, in: tokens.book, for: needed)
            guard caller.speaks(in: context) else { throw AuthenticationError.accountForbidden }
            context.caller = caller.name
        } catch {
            context.logger.debug("admin request refused", metadata: ["reason": "\(error.detail)"])
            return error.response(toGet: request.method.isSafe)
        }
        return try await respond(context)
    }

    /// Browsers know no bearer tokens, but ask people for a user and a password: the password is
    /// the token. Only for what changes nothing, because a browser sends it along with whatever
    /// another page makes it send.
    private static func caller(
        _ field: String?, _ method: HTTPRequest.Method, in book: TokenBook, for scope: Scope
    ) throws(AuthenticationError) -> TokenBook.Entry {
        var check = BearerCheck()
        guard method.isSafe, let field, case .basic(let encoded) = Credentials(field) else {
            return try check.check(field, in: book, for: scope)
        }
        guard let password = password(in: encoded) else { throw AuthenticationError.tokenInvalid }
        return try check.check("Bearer \(password)", in: book, for: scope)
    }

    /// What stands behind the first colon of `user:password`; nil when that is not what it is.
    private static func password(in encoded: Substring) -> Substring? {
        guard let data = Data(base64Encoded: String(encoded)),
            let text = String(validating: data, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        let password = text[text.index(after: colon)...]
        return BearerToken.isToken(password) ? password : nil
    }
}

extension TokenBook.Entry {
    /// Whether the path is about an account that it may speak for. A route that is about no
    /// account, or about all, is not for a token that is bound to some.
    fileprivate func speaks(in context: AdminContext) -> Bool {
        guard accounts != nil else { return true }
        let account = context.parameters.get("account").flatMap { String($0).removingPercentEncoding }
        return account.map { speaks(for: $0) } ?? false
    }
}

extension AdminRoutes.Scope {
    /// What a token must be good for.
    fileprivate var needed: Scope? {
        switch self {
        case .none: nil
        case .runner: .runner
        case .admin: .admin
        }
    }
}

extension HTTPRequest.Method {
    fileprivate var isSafe: Bool { self == .get || self == .head }
}

extension AuthenticationError {
    /// - Parameter isSafe: whether the request would have changed nothing; then browsers are told
    ///   to ask.
    fileprivate func response(toGet isSafe: Bool) -> Response {
        var response = Problem(problemType, detail: detail).response()
        response.headers.append(HTTPField(name: .wwwAuthenticate, value: challenge))
        if isSafe, response.status == .unauthorized {
            response.headers.append(
                HTTPField(
                    name: .wwwAuthenticate,
                    value: #"Basic realm="stint: the password is your token", charset="UTF-8""#))
        }
        return response
    }
}
