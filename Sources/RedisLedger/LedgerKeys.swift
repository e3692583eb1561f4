// All keys of the ledger: up to two per account, with the hash tag `{account}`. An account's name
// contains neither brace, so a key can be read in one way only, without escaping.
//
//   <prefix>{<account>}       the account ledger (account.lua): a hash, with a field per window
//                             shape, block of past cells, and hold
//   <prefix>{<account>}:log   what became of its executions (log.lua): a stream
//   <prefix>{probe}:hash, :stream, :set   what probes write and delete again (probe.lua); of one
//                                         node of a cluster with a number, as in {probe-7}

public import Accounting
import NIOCore
import Redis

public struct LedgerKeys: Sendable {
    /// 0 to 64 bytes of `A-Z a-z 0-9 . _ : -`; the same for every Stint that shares the ledger.
    public let prefix: String

    /// - Returns: nil if the prefix is invalid.
    public init?(prefix: String) {
        guard prefix.hasBytes(0...64, of: "._:-") else { return nil }
        self.prefix = prefix
    }

    public func accountLedger(of account: Account) -> String { "\(prefix){\(account.name)}" }

    /// Appends ``accountLedger(of:)`` without making a string of it.
    func append(accountLedgerOf account: Account, to writer: inout CommandWriter) {
        writer.append(byteCount: prefix.utf8.count + account.name.utf8.count + 2) { buffer in
            buffer.writeString(prefix)
            buffer.writeInteger(UInt8(ascii: "{"))
            buffer.writeString(account.name)
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }

    static let probeTag = "probe"

    /// The keys that probes write. No account ledger or log has such a name.
    /// - Parameter tag: ``probeTag``, or another for a certain node of a cluster.
    func probed(_ tag: String) -> [String] { ["hash", "stream", "set"].map { "\(prefix){\(tag)}:\($0)" } }

    /// The field of an account ledger with the charges within a window of `shape`. An execution's
    /// id contains no colon, so no id equals it.
    public static func field(of shape: WindowShape) -> String { "w:\(shape.lengthMs):\(shape.cells)" }
}
