// swift-tools-version: 6.3

import PackageDescription

// The house: arrows go down only (docs/ARCHITECTURE.md). `Tests/HouseTests` reads every import line
// and fails on an arrow that is not drawn here.

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
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "stint",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "stint", targets: ["stint"]),
        .library(name: "Accounting", targets: ["Accounting"]),
        .library(name: "QuotaClient", targets: ["QuotaClient"]),
        // The bodies that QuotaClient takes and gives.
        .library(name: "WireFormat", targets: ["WireFormat"]),
        // For Benchmarks/ only.
        .library(name: "Redis", targets: ["Redis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
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
    ],
    targets: [
        // What everything stands on.
        .target(name: "Accounting", swiftSettings: strict),
        .target(name: "WireFormat", swiftSettings: strict),
        .systemLibrary(name: "CLibcrypto"),
        .target(name: "Access", dependencies: ["CLibcrypto"], swiftSettings: strict),
        .systemLibrary(name: "CHiredis"),
        // What both planes read requests with.
        .target(
            name: "HTTPRequests", dependencies: ["Access", "WireFormat", nio, http1], swiftSettings: strict),

        // Clients.
        .target(
            name: "Redis",
            dependencies: ["CHiredis", nio, posix, ssl, log, metrics],
            swiftSettings: strict
        ),
        .target(
            name: "QuotaClient",
            dependencies: ["WireFormat", nio, http1, asyncHTTP],
            swiftSettings: strict
        ),
        .target(
            name: "AdminClient", dependencies: ["WireFormat", nio, posix, http1, ssl], swiftSettings: strict),

        .target(name: "Audit", dependencies: ["WireFormat"], swiftSettings: strict),
        .target(
            name: "LoadGeneration", dependencies: ["Accounting", "WireFormat", nio, posix, histogram],
            swiftSettings: strict),

        .target(
            name: "PlanText",
            dependencies: ["Accounting", "WireFormat", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),

        // The ledger and the two planes.
        .target(
            name: "RedisLedger",
            dependencies: ["Accounting", "Redis", nio, log, metrics],
            resources: ["Decide", "Include", "Inspect"].map { .embedInCode("Scripts/\($0)") },
            swiftSettings: strict
        ),
        .target(
            name: "Records", dependencies: ["Accounting", "PlanText", "Redis", "WireFormat", nio, metrics],
            resources: [.embedInCode("Scripts")],
            swiftSettings: strict
        ),
        .target(
            name: "RunnerAPI",
            dependencies: [
                "Access", "Accounting", "HTTPRequests", "WireFormat", nio, posix, http1, log, metrics,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "AdminAPI",
            dependencies: [
                "Access", "Accounting", "HTTPRequests", "PlanText", "Records", "Redis", "WireFormat",
                hummingbird, nio, http1, log, metrics, lifecycle,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            resources: [.embedInCode("Dashboard/Assets")],
            swiftSettings: strict
        ),

        // Where they meet.
        .executableTarget(
            name: "stint",
            dependencies: [
                "Access", "Accounting", "AdminAPI", "AdminClient", "Audit", "LoadGeneration", "PlanText",
                "Records", "Redis", "RedisLedger", "RunnerAPI", "WireFormat", http1,
                nio, posix, ssl, tls, log, metrics, hummingbird, lifecycle, subprocess, system,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // A runner as small as it can be. A target here, not a package of its own, so that every
        // build compiles it.
        .executableTarget(
            name: "quota-client-example", dependencies: ["QuotaClient", "WireFormat", asyncHTTP, nio],
            path: "Examples/quota-client", swiftSettings: strict),

        // What tests share: repeatable chance, public vectors, the table of the rule, an exact log,
        // recorded traffic, real servers, a ledger on one.
        .target(name: "SeededChance", path: "Tests/SeededChance", swiftSettings: strict),
        .target(name: "SharedVectors", path: "Tests/SharedVectors", swiftSettings: strict),
        .target(
            name: "TestServers", dependencies: [nio, posix], path: "Tests/TestServers", swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
        .testTarget(name: "AccessTests", dependencies: ["Access"], swiftSettings: strict),
        .target(
            name: "RuleTable", dependencies: ["Accounting"], path: "Tests/RuleTable",
            swiftSettings: strict),
        .target(
            name: "Recordings", dependencies: ["SeededChance", "LoadGeneration"], path: "Tests/Recordings",
            swiftSettings: strict),
        .target(name: "Oracle", dependencies: ["Accounting"], path: "Tests/Oracle", swiftSettings: strict),
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
            name: "LoadGenerationTests",
            dependencies: [
                "Accounting", "Audit", "LoadGeneration", "Recordings", "RunnerAPI", "SeededChance",
                "WireFormat", nio,
                posix, log, metrics,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WireFormatTests",
            dependencies: ["SeededChance", "SharedVectors", "WireFormat", structuredFields],
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
            path: "Tests/LedgerRig",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RedisLedgerTests",
            dependencies: [
                "SeededChance",
                "Accounting", "LedgerRig", "Oracle", "Records", "Redis", "RedisLedger", "RuleTable",
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
            name: "RunnerAPITests",
            dependencies: [
                "SeededChance", "SharedVectors",
                "Access", "Accounting", "HTTPRequests", "RunnerAPI", "WireFormat", structuredFields, nio,
                posix, http1, log, metrics,
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AdminAPITests",
            dependencies: [
                "Access", "Accounting", "AdminAPI", "Records", "Redis", "TestServers", "WireFormat",
                hummingbird, nio,
                posix, log, metrics,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PlanTextTests", dependencies: ["SeededChance", "Accounting", "PlanText", "WireFormat"],
            swiftSettings: strict),
        .testTarget(
            name: "RecordsTests",
            dependencies: [
                "Accounting", "PlanText", "Records", "Redis", "TestServers", "WireFormat", nio, posix, log,
                metrics,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StintTests",
            dependencies: [
                "SeededChance", "stint", "Access", "Accounting", "Redis", lifecycle, subprocess, system, log,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Accounting", "AdminClient", "Audit", "QuotaClient", "Recordings", "Records", "Redis",
                "TestServers", "WireFormat",
                "quota-client-example", "stint", asyncHTTP, nio, posix, http1, log, metrics,
            ],
            swiftSettings: strict
        ),
    ]
)
