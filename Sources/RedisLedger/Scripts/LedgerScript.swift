// The scripts of the ledger, as texts for Redis: the files of each, and their order. `ScriptText`
// joins them. Scripts/Decide/call.lua describes the arguments and the reply of the decision script.

import NIOCore

enum LedgerScript {
    /// The files that answer accounts which are not usual. The order matters: each file uses the
    /// locals of those before it.
    private static let answer = [
        "plan.lua", "window.lua", "log.lua", "holds.lua", "account.lua", "admit.lua", "settle.lua",
        "peek.lua",
        "answer.lua",
    ]

    private static let decide =
        "local function make_answer(clock, args, answers)\n" + ScriptText.of(answer) + "end\n"
        + ScriptText.of(["call.lua"])

    /// The decision script. It is one text with one digest, because questions of all kinds share
    /// one call. The settings are at the top: so they cost a call nothing, and Stint processes with
    /// different settings have different scripts.
    /// - Parameters:
    ///   - logRows: the maximum number of rows of an account's log; 0: there is no log.
    ///   - isAcknowledged: whether `WAIT` follows the calls.
    static func text(logRows: Int, isAcknowledged: Bool = false) -> ByteBuffer {
        let rows = logRows > 0 ? "'\(logRows)'" : "false"
        return ByteBuffer(string: "local log_rows, acknowledged = \(rows), \(isAcknowledged)\n" + decide)
    }

    /// The script that searches account ledgers for holds.
    static let sweep = ByteBuffer(
        string: "local pack, log_rows = struct.pack, ARGV[2] ~= '0' and ARGV[2]\n"
            + ScriptText.of(["log.lua", "sweep.lua"]))

    /// The script that restarts the windows of an account, empty.
    static let forget = ByteBuffer(string: ScriptText.of(["forget.lua"]))

    /// The script that tests whether decisions can be written.
    static let probe = ByteBuffer(string: ScriptText.of(["probe.lua"]))
}
