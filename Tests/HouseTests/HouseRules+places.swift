// Things that may stand in few places: clocks, sleeps, errors that are dropped, unsafe code. Each place
// has its reason here; a place that is not needed any more must go from the table.

extension HouseRules {
    struct Place: Sendable {
        /// What it is called in a complaint.
        let name: String
        /// What is looked for in code, never in comments.
        let pattern: @Sendable (Substring) -> Bool
        /// The folder that is looked through.
        let folder: String
        /// What to do instead.
        let instead: String
        /// Where it may stand, and why: a file, or a folder with `/` at its end.
        let allowed: [String: String]
    }

    static let places: [Place] = [clocks, droppedErrors, unsafeCode]

    static func places(_ files: [HouseFile], _ places: [Place] = places) -> [String] {
        places.flatMap { place in
            var used: Set<String> = []
            let found = files.filter { $0.isSwift && $0.path.hasPrefix(place.folder) }.flatMap { file in
                file.code.filter { place.pattern($0.text) }.compactMap { line -> String? in
                    let entry = place.allowed.keys.first {
                        $0 == file.path || $0.hasSuffix("/") && file.path.hasPrefix($0)
                    }
                    if let entry { used.insert(entry) }
                    return entry == nil
                        ? "\(file.path):\(line.number): \(place.name); \(place.instead)" : nil
                }
            }
            let isWhole = files.contains { $0.path == "Package.swift" }
            return found
                + (isWhole ? Set(place.allowed.keys).subtracting(used).sorted() : []).map {
                    "\($0): holds no \(place.name) any more; take its row from the table"
                }
        }
    }

    private static let clocks = Place(
        name: "clock or sleep",
        pattern: {
            $0.contains(/\b(ContinuousClock|SuspendingClock)\b|\bDate\(\)|\bTask\.sleep\b|\bNIODeadline\.now\b/)
        },
        folder: "Sources/",
        instead: "take the clock as a parameter, or ask the event loop",
        allowed: [:]
    )

    private static let droppedErrors = Place(
        name: "try?",
        pattern: { $0.contains("try?") },
        folder: "Sources/",
        instead: "say what becomes of the error",
        allowed: [:]
    )

    private static let unsafeCode = Place(
        name: "unsafe code",
        pattern: { $0.contains(/\b(with)?[uU]nsafe|\bUnmanaged\b|@unchecked\b|\bassumeIsolated\b/) },
        folder: "Sources/",
        instead: "use Span, or Mutex",
        allowed: [:]
    )
}
