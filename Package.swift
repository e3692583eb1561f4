// swift-tools-version: 6.3

import PackageDescription

// The arrows between modules are declared here, and only here. They go down the layers of
// Tests/HouseTests/HouseRules+arrows.swift, which also reads every import line.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let posix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let http1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let ssl = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let tls = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let asyncHTTP = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let structuredFields = Target.Dependency.product(
    name: "RawStructuredFieldValues", package: "swift-http-structured-headers")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// Packages that only other packages ask for. They are named so that a fresh clone builds the
/// versions of scripts/versions.txt and not the newest; none of our code imports them.
let others: [(package: String, version: Version, product: String)] = [
    ("swift-algorithms", "1.2.1", "Algorithms"),
    ("swift-asn1", "1.7.4", "SwiftASN1"),
    ("swift-async-algorithms", "1.1.4", "AsyncAlgorithms"),
    ("swift-atomics", "1.3.0", "Atomics"),
    ("swift-certificates", "1.21.1", "X509"),
    ("swift-configuration", "1.4.0", "Configuration"),
    ("swift-crypto", "4.5.2", "Crypto"),
    ("swift-distributed-tracing", "1.7.3", "Tracing"),
    ("swift-nio-extras", "1.35.2", "NIOExtras"),
    ("swift-nio-http2", "1.46.0", "NIOHTTP2"),
    ("swift-nio-transport-services", "1.28.0", "NIOTransportServices"),
    ("swift-numerics", "1.1.1", "Numerics"),
    ("swift-service-context", "1.5.1", "ServiceContextModule"),
]
/// Uses them where nothing is built, else SwiftPM warns at every build that nothing does.
let unbuilt = others.map {
    Target.Dependency.product(name: $0.product, package: $0.package, condition: .when(platforms: [.windows]))
}

let package = Package(
    name: "stint",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "stint", targets: ["stint"]),
        .library(name: "Accounting", targets: ["Accounting"]),
        .library(name: "StintClient", targets: ["StintClient"]),
        // The bodies that StintClient takes and gives.
        .library(name: "StintWireFormat", targets: ["WireFormat"]),
        // For Benchmarks/ only.
        .library(name: "StintRedis", targets: ["Redis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", exact: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ]
        + others.map {
            .package(
                url: "https://github.com/apple/\($0.package)", exact: $0.version,
                traits: $0.package == "swift-configuration" ? [] : [.defaults])
        },
    targets: [
        // What everything stands on.
        .target(name: "Accounting", swiftSettings: strict),
        .target(name: "WireFormat", dependencies: ["Accounting"], swiftSettings: strict),
        .target(name: "Randomness", swiftSettings: strict),
        .systemLibrary(name: "CLibcrypto"),
        .target(name: "Access", dependencies: ["CLibcrypto", "WireFormat"], swiftSettings: strict),
        .systemLibrary(name: "CHiredis"),
        // What both planes read requests with.
        .target(
            name: "HTTPRequests", dependencies: ["Access", "WireFormat", nio, http1], swiftSettings: strict),

        // Clients.
        .target(
            name: "Redis",
            dependencies: ["CHiredis", "WireFormat", nio, posix, ssl, log, metrics],
            swiftSettings: strict
        ),
        .target(
            name: "StintClient",
            dependencies: ["Accounting", "WireFormat", nio, http1, asyncHTTP],
            swiftSettings: strict
        ),
        .target(
            name: "AdminClient", dependencies: ["WireFormat", nio, posix, http1, ssl], swiftSettings: strict),

        .target(name: "Audit", dependencies: ["Accounting", "WireFormat"], swiftSettings: strict),
        // Recorded traffic, what a plan would have made of it, and loads.
        .target(name: "Traces", dependencies: [heap], swiftSettings: strict),
        .target(
            name: "PlanSimulation", dependencies: ["Accounting", "Traces", "WireFormat"],
            swiftSettings: strict),
        .target(
            name: "LoadGeneration",
            dependencies: [
                "Accounting", "PlanSimulation", "Randomness", "Traces", "WireFormat", nio, posix, histogram,
            ],
            swiftSettings: strict),

        .target(
            name: "PlanText",
            dependencies: ["Accounting", "WireFormat", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),

        // The ledger, the desk that every API for runners decides at, and the two planes.
        .target(
            name: "RedisLedger",
            dependencies: ["Accounting", "Redis", nio, log, metrics],
            resources: ["Decide", "Include", "Inspect"].map { .embedInCode("Scripts/\($0)") },
            swiftSettings: strict
        ),
        .target(name: "Deciding", dependencies: ["Accounting", metrics], swiftSettings: strict),
        .target(
            name: "ControlStore",
            dependencies: ["Accounting", "PlanText", "Redis", "WireFormat", nio, metrics],
            resources: [.embedInCode("Scripts")],
            swiftSettings: strict
        ),
        .target(
            name: "RunnerAPI",
            dependencies: [
                "Access", "Accounting", "Deciding", "HTTPRequests", "WireFormat", nio, posix, http1, log,
                metrics,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Prometheus",
            dependencies: [metrics, .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict
        ),
        .target(
            name: "Dashboard", dependencies: ["Accounting", "WireFormat"],
            resources: [.embedInCode("Assets")],
            swiftSettings: strict
        ),
        .target(
            name: "AdminAPI",
            dependencies: [
                "Access", "Accounting", "Dashboard", "HTTPRequests", "PlanText", "Prometheus", "ControlStore",
                "Redis", "WireFormat",
                hummingbird, nio, http1, log, metrics, lifecycle,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict
        ),

        // Where they meet: the service, the commands, and the program that holds both.
        .target(
            name: "StintService",
            dependencies: [
                "Access", "Accounting", "AdminAPI", "PlanText", "Prometheus", "Randomness", "ControlStore",
                "Redis",
                "RedisLedger", "RunnerAPI", "WireFormat",
                nio, posix, ssl, tls, log, metrics, hummingbird, lifecycle, subprocess, system,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "StintCommands",
            dependencies: [
                "Access", "Accounting", "AdminClient", "Audit", "LoadGeneration", "PlanSimulation",
                "PlanText",
                "StintService", "Traces", "WireFormat", http1, nio, posix, system,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "stint", dependencies: ["StintCommands"], swiftSettings: strict),

        // A runner as small as it can be. A target here, not a package of its own, so that every
        // build compiles it.
        .executableTarget(
            name: "stint-client-example", dependencies: ["StintClient", "WireFormat", asyncHTTP, nio],
            path: "Examples/stint-client", swiftSettings: strict),

        // What tests share: the repository, repeatable chance, public vectors, the rule's table, an
        // exact log, recorded traffic, real servers, a ledger on one.
        .target(name: "Checkout", path: "Tests/Support/Checkout", swiftSettings: strict),
        .target(
            name: "SeededChance", dependencies: ["Randomness"], path: "Tests/Support/SeededChance",
            swiftSettings: strict),
        .target(name: "SharedVectors", path: "Tests/Support/SharedVectors", swiftSettings: strict),
        .target(
            name: "TestServers", dependencies: [nio, posix], path: "Tests/Support/TestServers",
            swiftSettings: strict),
        .testTarget(name: "HouseTests", dependencies: unbuilt + ["Checkout"], swiftSettings: strict),
        .testTarget(name: "AccessTests", dependencies: ["Access"], swiftSettings: strict),
        .testTarget(name: "RandomnessTests", dependencies: ["Randomness"], swiftSettings: strict),
        .testTarget(
            name: "HTTPRequestsTests", dependencies: ["Access", "HTTPRequests", "WireFormat", http1],
            swiftSettings: strict),
        .target(
            name: "RuleTable", dependencies: ["Accounting"], path: "Tests/Support/RuleTable",
            swiftSettings: strict),
        .target(
            name: "Recordings", dependencies: ["SeededChance", "Traces"], path: "Tests/Support/Recordings",
            swiftSettings: strict),
        .target(
            name: "Oracle", dependencies: ["Accounting"], path: "Tests/Support/Oracle", swiftSettings: strict),
        .testTarget(
            name: "AccountingTests", dependencies: ["SeededChance", "Accounting", "Oracle", "RuleTable"],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["SeededChance", "Accounting", "Oracle", "Recordings", "RuleTable"],
            swiftSettings: strict),
        .testTarget(
            name: "AuditTests",
            dependencies: ["SeededChance", "Accounting", "Audit", "Oracle", "RuleTable", "WireFormat"],
            swiftSettings: strict),
        .testTarget(
            name: "TracesTests", dependencies: ["Recordings", "SeededChance", "Traces"],
            swiftSettings: strict),
        .testTarget(
            name: "PlanSimulationTests",
            dependencies: ["Accounting", "PlanSimulation", "Recordings", "SeededChance", "Traces"],
            swiftSettings: strict),
        .testTarget(
            name: "LoadGenerationTests",
            dependencies: [
                "Accounting", "Audit", "LoadGeneration", "PlanSimulation", "Randomness", "Recordings",
                "RunnerAPI", "SeededChance", "Traces", "WireFormat", nio,
                posix, log, metrics,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WireFormatTests",
            dependencies: ["Accounting", "SeededChance", "SharedVectors", "WireFormat", structuredFields],
            swiftSettings: strict),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "SeededChance", "SharedVectors",
                "CHiredis", "Redis", "TestServers", nio, posix, log, metrics,
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "LedgerRig",
            dependencies: [
                "Accounting", "Redis", "RedisLedger", "RuleTable", "TestServers", nio, posix, log, metrics,
            ],
            path: "Tests/Support/LedgerRig",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RedisLedgerTests",
            dependencies: [
                "SeededChance",
                "Accounting", "LedgerRig", "Oracle", "ControlStore", "Redis", "RedisLedger", "RuleTable",
                "TestServers", nio,
                posix, log, metrics,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConformanceTests",
            dependencies: ["SeededChance", "Accounting", "LedgerRig", "RuleTable", "TestServers"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DecidingTests",
            dependencies: [
                "Accounting", "Deciding", .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RunnerAPITests",
            dependencies: [
                "SeededChance", "SharedVectors",
                "Access", "Accounting", "Deciding", "HTTPRequests", "RunnerAPI", "WireFormat",
                structuredFields, nio, posix, http1, log, metrics,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DashboardTests", dependencies: ["Accounting", "Dashboard", "WireFormat"],
            swiftSettings: strict),
        .testTarget(
            name: "PrometheusTests",
            dependencies: ["Prometheus", log, .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict),
        .testTarget(
            name: "AdminAPITests",
            dependencies: [
                "Access", "Accounting", "AdminAPI", "Checkout", "Dashboard", "Prometheus", "ControlStore",
                "Redis",
                "TestServers", "WireFormat", hummingbird, nio,
                posix, http1, log, metrics,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PlanTextTests", dependencies: ["SeededChance", "Accounting", "PlanText", "WireFormat"],
            swiftSettings: strict),
        .testTarget(
            name: "ControlStoreTests",
            dependencies: [
                "Accounting", "PlanText", "ControlStore", "Redis", "TestServers", "WireFormat", nio, posix,
                log,
                metrics,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StintTests",
            dependencies: [
                "Checkout", "SeededChance", "StintCommands", "StintService", "Access", "Accounting", "Redis",
                "RunnerAPI", "TestServers", "WireFormat",
                lifecycle, subprocess, system, log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "InMemoryLogging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Accounting", "AdminClient", "Audit", "Checkout", "StintClient", "Recordings", "ControlStore",
                "Redis",
                "TestServers", "WireFormat",
                "stint-client-example", "stint", asyncHTTP, nio, posix, http1, ssl, log, metrics,
            ],
            swiftSettings: strict
        ),
    ]
)
