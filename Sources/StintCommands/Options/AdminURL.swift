// The admin API's address, as a person types it: with or without `http://`.

import StintService
import WireFormat

/// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
struct AdminURL {
    let text: String

    /// - Throws: ``StartError``, which says what to type.
    init(_ text: String) throws {
        do throws(InvalidRequest) {
            self.text = try HTTPOrigin(Address(text) == nil ? text : "http://" + text).url
        } catch {
            // With an @ it may contain a password.
            let shown = text.contains("@") ? "" : ", not '\(text)'"
            throw StartError(
                description: "--admin, STINT_ADMIN: must be http://HOST:PORT or https://HOST:PORT\(shown). "
                    + "Type for example: --admin http://127.0.0.1:7401")
        }
    }
}
