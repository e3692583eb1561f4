// What a link sends first on every connection, and which replies it accepts: AUTH, SELECT, PING,
// and what shows that the server is of the kind that the URL names. A value, without I/O. PING is
// there so that a link is ready only when the server has replied: a stopped server still accepts.

/// The commands that open a connection, and those of their replies that are still missing.
struct Greeting: Equatable {
    private enum Step: Equatable {
        case authenticate, select, ping
        case check(ServerCheck.Step)
    }

    private let url: RedisURL
    private let check: ServerCheck
    private var steps: ArraySlice<Step>

    enum Outcome: Equatable {
        case more
        case welcome
        case refused(String)
    }

    init(url: RedisURL, check: ServerCheck = .none) {
        self.url = url
        self.check = check
        var steps: [Step] = []
        if url.password != nil { steps.append(.authenticate) }
        if url.database != 0 { steps.append(.select) }
        self.steps = steps[...] + [.ping] + check.steps.map { .check($0) }
    }

    /// Writes all commands, to be sent together.
    func write(to writer: inout CommandWriter) {
        for step in steps {
            let arguments =
                switch step {
                case .authenticate: ["AUTH"] + [url.user, url.password].compactMap(\.self)
                case .select: ["SELECT", String(url.database)]
                case .ping: ["PING"]
                case .check(.cluster): ["INFO", "cluster"]
                case .check(.role): ["ROLE"]
                }
            writer.beginCommand(argumentCount: arguments.count)
            for argument in arguments { writer.append(argument) }
            writer.endCommand()
        }
    }

    /// Judges the next reply.
    mutating func judge(_ reply: RedisReply) -> Outcome {
        switch (steps.popFirst(), reply) {
        case (.authenticate, .status("OK")), (.select, .status("OK")): .more
        case (.ping, .status("PONG")): next
        case (.ping, .error(let text)) where Self.isAlive(text): next
        case (.check(let step), let reply):
            check.complaint(about: reply, to: step, at: url).map { .refused($0) } ?? next
        case (.authenticate, let reply): .refused("AUTH was refused: \(Self.code(reply))")
        case (.select, let reply): .refused("SELECT \(url.database) was refused: \(Self.code(reply))")
        case (.ping, let reply): .refused("PING was refused: \(Self.code(reply))")
        case (nil, _): .refused("the server sent a reply without a command")
        }
    }

    private var next: Outcome { steps.isEmpty ? .welcome : .more }

    /// Errors of a server that has accepted this user but cannot serve now. Later commands get them
    /// too.
    private static func isAlive(_ error: String) -> Bool {
        ["LOADING", "MASTERDOWN", "BUSY", "NOPERM", "MISCONF"].contains(error.prefix { $0 != " " })
    }

    /// The first word of an error, such as `WRONGPASS`. Nothing else of it, because some errors
    /// repeat the arguments.
    private static func code(_ reply: RedisReply) -> String {
        guard case .error(let text) = reply else { return "not a reply to that" }
        return String(text.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber) }.prefix(32))
    }
}
