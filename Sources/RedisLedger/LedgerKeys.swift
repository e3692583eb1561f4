// The key schema, whole: up to two keys an account, with the hash tag `{account}`. An account's
// bytes include neither brace, so a key is read back in one way only, without escaping.
//
//   <prefix>{<account>}       the account ledger (account.lua): a hash, with a field per window
//                             shape, block of past cells, and hold
//   <prefix>{<account>}:log   what became of its executions (log.lua): a stream
//   <prefix>{probe}:hash, :stream, :set   what probes write, and remove again (probe.lua)

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

    public func accountLedger(of account: Account) -> String { "\(prefix){\(account.name)}" }

    /// Appends ``accountLedger(of:)`` without making a text of it.
    func append(accountLedgerOf account: Account, to writer: inout CommandWriter) {
        writer.append(byteCount: prefix.utf8.count + account.name.utf8.count + 2) { buffer in
            buffer.writeString(prefix)
            buffer.writeInteger(UInt8(ascii: "{"))
            buffer.writeString(account.name)
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }

    static let probeTag = "probe"

    /// What probes write to. No account ledger or log is called so.
    var probed: [String] { ["hash", "stream", "set"].map { "\(prefix){\(Self.probeTag)}:\($0)" } }

    /// The field of an account ledger with the charges within a window of `shape`. An execution's
    /// id contains no colon, so it is never taken for one.
    public static func field(of shape: WindowShape) -> String { "w:\(shape.lengthMs):\(shape.cells)" }
}
