// The condition under which a stored thing may be changed: optimistic concurrency.

/// The script that makes the change checks it, so no other change can come in between.
public enum Precondition: Equatable, Sendable {
    case none
    case isAbsent
    case isPresent
    /// It exists, and its last change is this revision.
    case isRevision(Int)

    /// For scripts: `` (none), `-` (absent), `*` (present), or the revision.
    var argument: String {
        switch self {
        case .none: ""
        case .isAbsent: "-"
        case .isPresent: "*"
        case .isRevision(let revision): String(revision)
        }
    }
}
