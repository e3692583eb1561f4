// The scripts behind `make`, each in its own copy of the folder, with a `swift` that only prints
// what a real one would.

import Foundation
import TestServers
import Testing

extension EndToEnd {
    @Suite("Scripts")
    struct ScriptTests {
        /// Runs a script of scripts/ in a repository that has nothing but it and its list.
        /// - Parameter swift: what `swift` does, in bash.
        private static func run(
            _ script: String, _ place: Workplace, swift: String, prepare: String = ""
        ) async throws -> (code: Int32?, output: String) {
            _ = try place.write("#!/bin/bash\n\(swift)\n", to: "swift")
            return try await place.shell(
                """
                mkdir -p "$1/bin" "$1/repository/scripts"; cp "$ROOT"/scripts/*.sh "$1/repository/scripts"
                mv "$1/swift" "$1/bin/swift"; chmod +x "$1/bin/swift"; PATH="$1/bin:$PATH"; cd "$1/repository"
                \(prepare)
                scripts/\(script)
                """, name: UUID().uuidString)
        }

        @Test("A build says once for each tenth how far it is, whatever parts it has")
        func progress() async throws {
            try await Workplace.open { place in
                let (code, output) = try await Self.run(
                    "build.sh --some-flag", place,
                    swift: """
                        echo 'Building for debugging...'
                        echo '[1/1] Compiling plugin GenerateManual'
                        echo '[1/20] Compiling plugin'; echo '[20/20] Linking plugin'
                        for step in {1..200}; do echo "[$step/$((step < 100 ? 180 : 200))] Compiling a"; done
                        echo 'a.swift:1:1: error: no'
                        exit 7
                        """)
                #expect(code == 7 && output.contains("error: no"), "\(output)")
                let tenths = output.matches(of: /step (\d+) of (\d+)/).map { "\($0.output.1)/\($0.output.2)" }
                #expect(
                    tenths == [
                        "20/20", "18/180", "36/180", "54/180", "72/180", "90/180", "120/200", "140/200",
                        "160/200", "180/200", "200/200",
                    ], "\(output)")
            }
        }

        /// A `swift package resolve` that resolves what `wanted` says.
        private static let resolving = """
            [ "$1 $2" = "package resolve" ] || exit 1
            cp wanted Package.resolved
            """

        private static func resolved(_ version: String) -> String {
            """
            {"pins" : [
                  "identity" : "swift-log",
                    "version" : "\(version)"
            ]}
            """
        }

        @Test("The list of versions is held against what Package.swift asks for now, not against the past")
        func versions() async throws {
            try await Workplace.open { place in
                let prepare = """
                    echo '\(Self.resolved("1.0.0"))' >Package.resolved
                    echo '\(Self.resolved("1.0.1"))' >wanted
                    echo 'swift-log 1.0.0' >scripts/versions.txt
                    mkdir -p Benchmarks
                    echo '.package(url: "https://a.example/swift-log", exact: "1.0.1"),' >Benchmarks/Package.swift
                    """
                let old = try await Self.run(
                    "versions.sh", place, swift: Self.resolving, prepare: prepare)
                #expect(old.code == 1 && old.output.contains("> swift-log 1.0.1"), "\(old.output)")
                let written = try await Self.run(
                    "versions.sh write; scripts/versions.sh; cat scripts/versions.txt", place,
                    swift: Self.resolving, prepare: prepare)
                #expect(
                    written.code == 0 && written.output.hasSuffix("swift-log 1.0.1\n"), "\(written.output)")
                let apart = try await Self.run(
                    "versions.sh write", place, swift: Self.resolving,
                    prepare: prepare + "\nsed -i s/1.0.1/1.0.0/ Benchmarks/Package.swift")
                #expect(
                    apart.code == 1
                        && apart.output.contains("Benchmarks/Package.swift names swift-log 1.0.0"),
                    "\(apart.output)")
            }
        }
    }
}
