// Why the body of a request that a route waits for will never be whole.

import WireFormat

/// Thrown where the body is read.
struct RequestCutShort: Error {
    /// The answer, if anybody is left to hear it.
    let problem: Problem
}
