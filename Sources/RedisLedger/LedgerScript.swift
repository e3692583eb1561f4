// The ledger's script: the files of `Scripts/` as one text with one digest, because questions of all three kinds travel
// in one call. `Scripts/call.lua` says what it takes and returns.

import NIOCore

enum LedgerScript {
    /// What `call.lua` needs for accounts that are not the usual one. The order matters: each file uses the locals of
    /// those before it.
    static let answer = [
        PackageResources.plan_lua, PackageResources.window_lua, PackageResources.log_lua,
        PackageResources.holds_lua,
        PackageResources.page_lua, PackageResources.admit_lua, PackageResources.settle_lua,
        PackageResources.peek_lua, PackageResources.answer_lua,
    ]

    /// The text, with the setting in front: so it costs a call nothing, and Stints with different ones have different scripts.
    /// - Parameter logRows: how many rows an account's log keeps; 0: there is none.
    static func text(logRows: Int) -> ByteBuffer {
        let setting = "local log_rows = " + (logRows > 0 ? "'\(logRows)'" : "false")
        let open = Array("\(setting)\nlocal function make_answer(clock, args, answers)".utf8)
        let files = [open] + answer + [Array("end".utf8), PackageResources.call_lua]
        return ByteBuffer(bytes: files.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// What looks through pages for their holds (`Scripts/sweep.lua`).
    static let sweep: ByteBuffer = {
        let open = Array("local pack, log_rows = struct.pack, ARGV[2] ~= '0' and ARGV[2]".utf8)
        let files = [open, PackageResources.log_lua, PackageResources.sweep_lua]
        return ByteBuffer(bytes: files.joined(separator: [UInt8(ascii: "\n")]))
    }()

    /// What tries whether decisions can be written (`Scripts/probe.lua`).
    static let probe = ByteBuffer(bytes: PackageResources.probe_lua)
}
