// Where the admin API is, as somebody typed it: with or without `http://`.

import Foundation
import StintService

/// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
struct AdminURL {
    let text: String

    /// - Throws: ``StartError``, which says what to type.
    init(_ text: String) throws {
        let isBare = Address(text) != nil
        let url = isBare ? "http://" + text : text
        guard let parts = URLComponents(string: url), ["http", "https"].contains(parts.scheme?.lowercased()),
            parts.host?.isEmpty == false, ["", "/"].contains(parts.path), parts.user == nil,
            parts.password == nil, parts.query == nil, parts.fragment == nil, parts.port != 0
        else {
            // There may be a password in it.
            let shown = text.contains("@") ? "" : ", not '\(text)'"
            throw StartError(
                description: "--admin, STINT_ADMIN: must be http://HOST:PORT or https://HOST:PORT\(shown). "
                    + "Type for example: --admin http://127.0.0.1:7401")
        }
        self.text = url
    }
}
