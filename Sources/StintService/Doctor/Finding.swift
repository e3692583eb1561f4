// What `stint doctor` found out: one finding per thing that was checked.

/// What is right or wrong with a Redis, and what to type about it.
package struct Finding: Sendable, Equatable, Encodable {
    package enum Level: String, Sendable, Encodable {
        /// As it should be.
        case ok
        /// Stint serves, and loses something that may be wanted.
        case warning
        /// Stint does not serve, or breaks its promise.
        case error
    }

    package let level: Level
    /// The server that it is about; nil: all of them.
    package let server: String?
    package let text: String
    /// What to type; nil: nothing.
    package let type: String?

    static func ok(_ text: String, at server: String? = nil) -> Finding {
        Finding(level: .ok, server: server, text: text, type: nil)
    }

    static func warning(_ text: String, at server: String? = nil, type: String? = nil) -> Finding {
        Finding(level: .warning, server: server, text: text, type: type)
    }

    /// - Parameters:
    ///   - reason: as links and the ledger give it, which may end with what to type.
    ///   - type: what to type otherwise.
    static func error(because reason: String, at server: String? = nil, type: String? = nil) -> Finding {
        guard let place = reason.firstRange(of: ". Type: ") else {
            return error(reason, at: server, type: type)
        }
        let advice = String(reason[place.upperBound...])
        return error(String(reason[..<place.lowerBound]), at: server, type: advice)
    }

    static func error(_ text: String, at server: String? = nil, type: String? = nil) -> Finding {
        Finding(level: .error, server: server, text: text, type: type)
    }
}
