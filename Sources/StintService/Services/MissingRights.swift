// Commands that Redis denies to Stint's user although decisions do not need them: what that costs,
// and what to type. `LedgerWatch` logs it, `stint doctor` prints it.

struct MissingRights {
    /// Such as `XADD` or `SCRIPT|LOAD`.
    let commands: [String]

    /// - Parameter commands: what the test of the ledger, or a command alone, was denied.
    init(commands: [String]) {
        // Of this one Stint needs no other part.
        self.commands = commands.map { $0 == "MEMORY" ? "MEMORY|USAGE" : $0 }
    }

    var text: String {
        commands.contains("XADD")
            ? "Redis denies the command that writes the execution log: its rows are lost"
            : "Redis denies commands that the execution log and the admin API need"
    }

    /// What an administrator of that Redis types.
    func grant(to user: String) -> String {
        "ACL SETUSER \(user) " + commands.map { "+\($0.lowercased())" }.joined(separator: " ")
    }
}
