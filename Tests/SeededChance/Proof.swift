// How long tests that draw from chance go on: seconds usually, as long as it takes when `make proof` asks.

import Foundation

public enum Proof {
    /// Whether the environment has STINT_PROOF.
    public static let isWanted = ProcessInfo.processInfo.environment["STINT_PROOF"] != nil
}
