// What must hold of a kept thing for a change of it to be made: optimistic concurrency.

/// Checked in the script that makes the change, so nothing can come between.
public enum Precondition: Equatable, Sendable {
    case none
    case isAbsent
    case isPresent
    /// It is there, and was changed last at this revision.
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
