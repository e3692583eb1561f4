// swift-tools-version: 6.3

import PackageDescription

// A package of its own, so that who builds or tests Stint does not build the benchmark tools.
let package = Package(
    name: "stint-benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "stint", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Rule",
            dependencies: [
                .product(name: "Accounting", package: "stint"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Rule",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        )
    ]
)
