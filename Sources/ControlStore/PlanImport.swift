// Plans that come from outside of Redis, and what tells whether they came last.

public import Accounting
import WireFormat

/// Plans from a file, or the built-in one, to be imported unless they were imported last.
public struct PlanImport: Sendable {
    /// The file's name without its folder, or nil for the built-in plan, which is imported only
    /// where there are no plans.
    public let file: String?
    /// What tells this text from others: FNV-1a of its bytes, and their number. No protection
    /// against forgery, and none is needed: whoever writes the file decides the plans.
    public let digest: String
    public let book: PlanBook

    /// - Parameter text: of the file; nil for the built-in plan.
    public init(file: String?, text: String?, book: PlanBook) {
        self.file = file
        self.book = book
        guard let text else {
            digest = "built-in"
            return
        }
        digest = "\(Fingerprint(of: text.utf8).text)-\(text.utf8.count)"
    }

    /// For the audit log.
    var who: String { file.map { "file \($0)" } ?? "built-in" }
}
