// How many random cases to run: a few seconds' worth in `make test`, and many more for `make
// proof`.

import Foundation

public enum Proof {
    /// Whether everything there is shall be tried, however long it takes (env var STINT_PROOF).
    public static let isAsked = ProcessInfo.processInfo.environment["STINT_PROOF"] != nil

    /// So many, or fifty times as many.
    public static func times(_ count: Int) -> Int { isAsked ? 50 * count : count }
}
