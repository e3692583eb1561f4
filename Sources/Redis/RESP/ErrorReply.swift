// A server's error, parsed and made safe to show: to callers, in the log and on /readyz.

/// An error reply without its variable parts: the place in a script, and the arguments that some
/// errors repeat.
public struct ErrorReply: Equatable, Sendable {
    /// The maximum length of ``text``.
    public static let longestText = 200

    /// Errors that a server returns before the command has done anything. A script gets those that
    /// concern writing at its first write; after that they no longer stop it.
    public static let refusals: [String] = [
        "LOADING", "BUSY", "READONLY", "OOM", "MISCONF", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN", "MOVED",
        "ASK",
        "TRYAGAIN", "CROSSSLOT", "REDIRECT", "NOAUTH", "NOPERM", "NOSCRIPT",
    ]

    /// The first word, such as `OOM`; `ERR` if it has none. Also `NOPERM` for anything that a
    /// script may not do, which servers express in many ways.
    public let code: String
    /// Printable ASCII that begins with the code.
    public let text: String
    /// Whether a command of a script was refused. The script may have done something before.
    public let isFromScript: Bool

    /// - Parameter reply: the error as received, or as `redis.pcall` returns it to a script.
    public init(_ reply: String) {
        var (rest, isFromScript) = Self.unwrapped(reply[...])
        if let arguments = rest.firstRange(of: ", with args") { rest = rest[..<arguments.lowerBound] }
        for forbidden in ["The user executing the script can't", "ACL failure in script: "] {
            guard let found = rest.firstRange(of: forbidden) else { continue }
            rest = "NOPERM " + rest[(forbidden.hasSuffix(" ") ? found.upperBound : found.lowerBound)...]
            isFromScript = true
        }
        let word = rest.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        if word.count < 2 || rest[word.endIndex...].first ?? " " != " " {
            code = "ERR"
            rest = "ERR " + rest
        } else {
            code = String(word.prefix(32))
        }
        text = String(
            String.UnicodeScalarView(
                rest.unicodeScalars.prefix(Self.longestText).map { (" "..."~").contains($0) ? $0 : "?" }))
        self.isFromScript = isFromScript
    }

    /// Whether the command did nothing, except earlier commands of a script.
    public var isRefusal: Bool {
        Self.refusals.contains(code) || text.lowercased().hasPrefix("err unknown command") && !isFromScript
    }

    /// Removes what Redis 6.2 puts around an error of a script's command, and what later servers
    /// append to it.
    private static func unwrapped(_ reply: Substring) -> (Substring, isFromScript: Bool) {
        var (rest, isFromScript) = (reply, false)
        if rest.hasPrefix("ERR Error running script"), let place = rest.firstRange(of: "): ") {
            (rest, isFromScript) = (rest[place.upperBound...], true)
        }
        while rest.hasPrefix("@user_script:"), let place = rest.prefixMatch(of: /@user_script: ?\d+: -?/) {
            (rest, isFromScript) = (rest[place.range.upperBound...], true)
        }
        // The digest is missing if the script was sent as text.
        if let place = rest.firstMatch(of: #/ script: ([0-9a-f]{40}, )?on @user_script:\d+\.$/#) {
            (rest, isFromScript) = (rest[..<place.range.lowerBound], true)
        }
        return (rest, isFromScript)
    }
}
