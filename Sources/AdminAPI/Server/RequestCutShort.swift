// The error of a route that waits for a body which will never be complete.

import WireFormat

/// Thrown while a route reads the body.
struct RequestCutShort: Error {
    /// The reply, if the client still reads.
    let problem: Problem
}
