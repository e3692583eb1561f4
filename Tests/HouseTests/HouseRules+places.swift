// What is allowed in few places only: clocks, sleeps, ignored errors, unsafe code. Each place has
// its reason here; a place that is no longer needed must be removed from the table.

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

    static func places(_ files: [HouseFile], _ place: Place) -> [String] {
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
        guard files.contains(where: { $0.path == "Package.swift" }) else { return found }
        return found
            + Set(place.allowed.keys).subtracting(used).sorted().map {
                "\($0): holds no \(place.name) any more; take its row from the table"
            }
    }

    static let clocks = Place(
        name: "clock or sleep",
        pattern: { line in
            ["ContinuousClock", "SuspendingClock", "Date()", "Task.sleep", "NIODeadline.now"].contains {
                line.contains($0)
            }
        },
        folder: "Sources/",
        instead: "take the clock as a parameter, or ask the event loop",
        allowed: [
            "Sources/StintService/": "the composition root, and services that only wait",
            "Sources/StintCommands/": "commands live in the time of the person who typed them",
            "Sources/LoadGeneration/Engine/LoadRun.swift": "a load from outside, in real time",
            "Sources/StintClient/": "clients of a remote service wait and repeat in real time",
            "Sources/AdminClient/AdminExchange.swift": "the deadline of a request of the command line",
            "Sources/AdminAPI/Live/LiveFeed.swift": "a sample each second",
            "Sources/ControlStore/RollupWriter.swift": "the deadline of a round of writing",
        ]
    )

    static let droppedErrors = Place(
        name: "try?",
        pattern: { $0.contains("try?") && $0.contains(/(^|\W)try\?/) },
        folder: "Sources/",
        instead: "say what becomes of the error",
        allowed: [
            "Sources/StintService/Services/": "a pause that a shutdown cuts short is over",
            "Sources/ControlStore/RollupWriter.swift": "a pause that is cut short is over",
            "Sources/StintService/EmbeddedRedis/LeftoverRedis.swift":
                "a process may end while it is looked at",
            "Sources/StintCommands/Output/Terminal.swift": "a closed standard error has no reader",
            "Sources/StintCommands/StintCommand.swift": "a closed standard error has no reader",
            "Sources/WireFormat/Admin/JSONValue.swift": "what a value is not, it may be something else",
        ]
    )

    static let unsafeCode = Place(
        name: "unsafe code",
        pattern: { line in
            ["unsafe", "Unsafe", "Unmanaged", "@unchecked"].contains { line.contains($0) }
        },
        folder: "Sources/",
        instead: "use Span, or Mutex",
        allowed: [
            "Sources/Redis/RESP/ReplyDecoder.swift": "hiredis is C",
            "Sources/WireFormat/JSON/": "bytes of a collection, read in place",
            "Sources/RunnerAPI/": "bytes of a buffer, read in place",
            "Sources/Redis/RESP/CommandWriter.swift": "digits, written in place",
            "Sources/StintService/Logging/LogWriter.swift": "bytes for a system call",
            "Sources/Accounting/Questions/ExecutionID.swift": "the bytes of a new id, written in place",
        ]
    )
}
