// The scripts of the ledger, as texts for Redis: which files make one, in which order. `ScriptText`
// puts them together; Scripts/Decide/call.lua says what the script of decisions takes and returns.

import NIOCore

enum LedgerScript {
    /// What answers accounts that are not the usual one. The order matters: each file uses the
    /// locals of those before it.
    private static let answer = [
        "plan.lua", "window.lua", "log.lua", "holds.lua", "account.lua", "admit.lua", "settle.lua",
        "peek.lua",
        "answer.lua",
    ]

    private static let decide =
        "local function make_answer(clock, args, answers)\n" + ScriptText.of(answer) + "end\n"
        + ScriptText.of(["call.lua"])

    /// One text with one digest, because questions of all kinds travel in one call. The setting
    /// stands in front: so it costs a call nothing, and Stints with different ones have different
    /// scripts.
    /// - Parameter logRows: how many rows an account's log keeps; 0: there is none.
    static func text(logRows: Int) -> ByteBuffer {
        ByteBuffer(string: "local log_rows = \(logRows > 0 ? "'\(logRows)'" : "false")\n" + decide)
    }

    /// What looks through account ledgers for their holds.
    static let sweep = ByteBuffer(
        string: "local pack, log_rows = struct.pack, ARGV[2] ~= '0' and ARGV[2]\n"
            + ScriptText.of(["log.lua", "sweep.lua"]))

    /// What makes the windows of an account restart, empty.
    static let forget = ByteBuffer(string: ScriptText.of(["forget.lua"]))

    /// What tries whether decisions can be written.
    static let probe = ByteBuffer(string: ScriptText.of(["probe.lua"]))
}
