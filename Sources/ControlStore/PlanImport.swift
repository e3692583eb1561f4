// Plans from outside Redis, and the digest that shows whether they were imported last.

public import Accounting
import WireFormat

/// Plans from a file, or the built-in plan, to import unless they were imported last.
public struct PlanImport: Sendable {
    /// The file's name without its folder, or nil for the built-in plan, which is imported only if
    /// there are no plans.
    public let file: String?
    /// Identifies the text: FNV-1a of its bytes, and their number. It does not protect against
    /// forgery, and need not: the author of the file decides the plans.
    public let digest: String
    public let book: PlanBook

    /// - Parameter text: the file's text; nil for the built-in plan.
    public init(file: String?, text: String?, book: PlanBook) {
        self.file = file
        self.book = book
        guard let text else {
            digest = "built-in"
            return
        }
        digest = "\(Fingerprint(of: text.utf8).text)-\(text.utf8.count)"
    }

    /// The author, for the audit log.
    var who: String { file.map { "file \($0)" } ?? "built-in" }
}
