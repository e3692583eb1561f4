// The ledger's script: the files of `Scripts/` one after the other, as one text with one digest, because questions of
// all three kinds travel in one call. `Scripts/page.lua` says what it takes and returns.

import NIOCore

enum LedgerScript {
    /// The order matters: each file uses the locals of those before it.
    static let files = [
        PackageResources.window_lua, PackageResources.holds_lua, PackageResources.page_lua,
        PackageResources.admit_lua, PackageResources.settle_lua, PackageResources.peek_lua,
        PackageResources.answer_lua,
    ]

    static let text = ByteBuffer(bytes: files.joined(separator: [UInt8(ascii: "\n")]))
}
