// swift-tools-version: 6.3

import PackageDescription

let benchmark = Target.Dependency.product(name: "Benchmark", package: "benchmark")
let plugin = Target.PluginUsage.plugin(name: "BenchmarkPlugin", package: "benchmark")

// A package of its own, so that who builds or tests Stint does not build the benchmark tools.
let package = Package(
    name: "stint-benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "stint", path: ".."),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Rule",
            dependencies: [.product(name: "Accounting", package: "stint"), benchmark],
            path: "Benchmarks/Rule",
            plugins: [plugin]
        ),
        .executableTarget(
            name: "JSON",
            dependencies: [.product(name: "StintWireFormat", package: "stint"), benchmark],
            path: "Benchmarks/JSON",
            plugins: [plugin]
        ),
        .executableTarget(
            name: "RESP",
            dependencies: [
                .product(name: "StintRedis", package: "stint"), benchmark,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            path: "Benchmarks/RESP",
            plugins: [plugin]
        ),
    ]
)
