// The one error of commands that cannot do what they were told.

/// A command cannot start, or go on; the description says why and what to type.
struct StartError: Error, CustomStringConvertible {
    let description: String
}
