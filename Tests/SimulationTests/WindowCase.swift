// Small exact cases of a sliding window over admitted cost, in their JSON form: the shared ones, or
// a few of Stint's own without them.

import Foundation
import Recordings

/// One limit, and what shall be answered step by step.
struct WindowCase: Decodable, Sendable, CustomStringConvertible {
    struct Step: Decodable, Sendable {
        /// Seconds from the first step.
        let t: Double
        let cost: Int?
        /// The same ask so many times.
        let `repeat`: Int?
        /// Asks without spending.
        let peek: Bool?
        /// Gives everything back.
        let reset: Bool?
        let admitted: Bool?
        let remaining: Int?
        let nextCapacityInS: Double?

        enum CodingKeys: String, CodingKey {
            case t, cost, `repeat`, peek, reset, admitted, remaining
            case nextCapacityInS = "next_capacity_in_s"
        }
    }

    let name: String
    let limit: Int
    let windowS: Int
    let steps: [Step]

    enum CodingKeys: String, CodingKey {
        case name, limit, steps
        case windowS = "window_s"
    }

    var description: String { name }

    /// No ask costs anything but 1, so a limit on executions can decide it too.
    var isOfSingles: Bool { steps.allSatisfy { $0.cost == nil || $0.cost == 1 } }

    static func all() throws -> [WindowCase] {
        guard let folder = SharedTraces.folder else { return try decode(Data(sample.utf8)) }
        return try decode(Data(contentsOf: folder.appending(path: "vectors/sliding-window-cases.json")))
    }

    private static func decode(_ json: Data) throws -> [WindowCase] {
        struct File: Decodable { let exact: [WindowCase] }
        return try JSONDecoder().decode(File.self, from: json).exact
    }

    private static let sample = """
        {"exact": [
        {"name": "of our own: two fit, the third waits for the first", "limit": 2, "window_s": 10, "steps": [
            {"t": 0, "cost": 1, "admitted": true}, {"t": 4, "cost": 1, "admitted": true, "remaining": 0},
            {"t": 5, "cost": 1, "admitted": false, "next_capacity_in_s": 5},
            {"t": 9.999, "cost": 1, "peek": true, "admitted": false},
            {"t": 10, "cost": 1, "admitted": true}, {"t": 10, "cost": 1, "admitted": false}]},
        {"name": "of our own: a denied cost spends nothing", "limit": 5, "window_s": 2, "steps": [
            {"t": 0, "cost": 6, "admitted": false, "remaining": 5}, {"t": 0, "cost": 4, "admitted": true},
            {"t": 1, "cost": 2, "admitted": false, "remaining": 1}, {"t": 1, "cost": 1, "admitted": true},
            {"t": 2, "cost": 4, "admitted": true, "remaining": 0}, {"t": 2, "reset": true, "remaining": 5}]}
        ]}
        """
}
