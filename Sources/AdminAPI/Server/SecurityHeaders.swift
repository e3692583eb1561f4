// The header fields for browsers in every reply of the control plane: load nothing from other
// origins, show pages in no frame, and guess no content types.

import HTTPTypes
import Hummingbird

struct SecurityHeaders: RouterMiddleware {
    typealias Context = AdminContext

    /// The fields. A reply that sets one itself keeps its value.
    let fields: [(HTTPField.Name, String)]

    /// - Parameter isSecure: whether the connection is encrypted. If so, the header makes browsers
    ///   use only TLS here.
    init(isSecure: Bool) {
        fields =
            Self.always
            + (isSecure ? [(.strictTransportSecurity, "max-age=31536000")] : [])
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in fields where response.headers[name] == nil { response.headers[name] = value }
        return response
    }

    private static let always: [(HTTPField.Name, String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
                + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (.init("Referrer-Policy")!, "no-referrer"),
        (.init("Cross-Origin-Opener-Policy")!, "same-origin"),
        (.init("Cross-Origin-Resource-Policy")!, "same-origin"),
        (.init("Cross-Origin-Embedder-Policy")!, "require-corp"),
        (.init("Permissions-Policy")!, "camera=(), geolocation=(), microphone=()"),
    ]
}
