// Checks the token of a request. The check wraps a route's closure, so no spelling of a path can
// reach a route without it.

import Access
import Foundation
import HTTPRequests
import HTTPTypes
import Hummingbird
import Logging
import WireFormat

struct Authorization: Sendable {
    /// The tokens that requests need; nil: none.
    let tokens: CurrentTokens?

    /// Runs the route's closure if the request has a token with the scope.
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

    /// The entry of the request's token. Browsers cannot send bearer tokens, but ask people for a
    /// user and a password: so the password may be the token. This holds only for GET and HEAD,
    /// because a browser adds the password to every request that another page makes it send.
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

    /// The part after the first colon of `user:password`; nil if it is invalid.
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
    /// Whether the token may name the account in the path. A token that is bound to accounts cannot
    /// use a route without an account.
    fileprivate func speaks(in context: AdminContext) -> Bool {
        guard accounts != nil else { return true }
        let account = context.parameters.get("account").flatMap { String($0).removingPercentEncoding }
        return account.map { speaks(for: $0) } ?? false
    }
}

extension AdminRoutes.Scope {
    /// The scope that a token needs; nil: no token is required.
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
    /// - Parameter isSafe: whether the request is GET or HEAD. If so, the reply also makes browsers
    ///   ask for a password.
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
