// The one error of commands that cannot do what they were told.

/// A command cannot start, or go on; the description says why and what to type.
package struct StartError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}
