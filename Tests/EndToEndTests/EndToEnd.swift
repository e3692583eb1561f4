// The real binary, started as a user starts it and called as a runner calls it, under faults too.
// Each suite tests one feature and prints what it measured.

import Foundation
import Testing

/// All scenarios, one after the other: each is a load or a fault of its own and would be another's
/// noise.
@Suite("End to end", .serialized, .timeLimit(.minutes(3)))
enum EndToEnd {}

/// What a scenario saw and cannot go on from.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The time of day in ms since 1970, rounded down, as the ledger of the same machine reads it.
func wallClockMs() -> Int { Int(Date().timeIntervalSince1970 * 1_000) }

/// One line in the test's output.
func report(_ text: String) { print("end to end: \(text)") }

extension Duration {
    /// Whole milliseconds, rounded to the nearest.
    var inMs: Int { Int((self / .milliseconds(1)).rounded()) }
}
