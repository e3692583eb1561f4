// The key schema, whole. Every key of an account carries the hash tag `{account}`, so all of them share a slot of a
// cluster. An account's bytes include neither brace, so a key is read back in one way only, without escaping.
//
//   <prefix>{<account>}:x                        the account's holds: a hash (Scripts/holds.lua)
//   <prefix>{<account>}:w:<length ms>:<cells>    the account's charges within one window shape: a string (Scripts/window.lua)

public import Accounting
import NIOCore
import Redis

public struct LedgerKeys: Sendable {
    /// 0 to 64 bytes of `A-Z a-z 0-9 . _ : -`; the same for every Stint that shares the ledger.
    public let prefix: String

    /// - Returns: nil when the prefix breaks its rule.
    public init?(prefix: String) {
        guard prefix.hasBytes(0...64, of: "._:-") else { return nil }
        self.prefix = prefix
    }

    public func holds(of account: Account) -> String { "\(prefix){\(account.name)}:x" }

    public func window(_ shape: WindowShape, of account: Account) -> String {
        "\(prefix){\(account.name)}\(LedgerKeys.suffix(of: shape))"
    }

    private static func suffix(of shape: WindowShape) -> String { ":w:\(shape.lengthMs):\(shape.cells)" }
}
