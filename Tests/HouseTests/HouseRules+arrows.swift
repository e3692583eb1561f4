// Which module may import which. Package.swift declares the arrows; this file has the layers that
// they must go down. SwiftPM itself lets a module import what another one declared.

extension HouseRules {
    /// Our modules from the bottom to the top. A module may depend on those of lower layers only,
    /// so neighbours do not meet.
    static let layers: [Set<String>] = [
        ["Accounting", "CHiredis", "CLibcrypto", "Prometheus", "Randomness", "Traces"],
        ["WireFormat"],
        [
            "Access", "AdminClient", "Audit", "Dashboard", "PlanSimulation", "PlanText", "Redis",
            "StintClient",
        ],
        ["ControlStore", "Deciding", "HTTPRequests", "LoadGeneration", "RedisLedger"],
        ["AdminAPI", "RunnerAPI"],
        ["StintService"],
        ["StintCommands"],
        ["stint"],
    ]

    static func arrows(_ files: [HouseFile]) -> [String] {
        let declared = declaredArrows(files)
        return unlisted(files)
            + files.filter(\.isSwift).flatMap { file -> [String] in
                guard let module = file.module, let allowed = declared[module] else { return [] }
                return file.imports.filter { declared[$0] != nil && !allowed.contains($0) && $0 != module }
                    .map {
                        "\(file.path): Package.swift does not declare that \(module) depends on \($0)"
                    }
            }
            + declared.sorted { $0.key < $1.key }.flatMap { module, allowed in
                allowed.filter { layer(of: $0) >= layer(of: module) }.sorted().map {
                    "Package.swift: \(module) must not depend on \($0), which is not in a lower layer"
                } + unused(allowed, by: module, files)
            }
    }

    /// Modules of `Sources` that have no layer.
    private static func unlisted(_ files: [HouseFile]) -> [String] {
        let listed = layers.reduce(into: Set()) { $0.formUnion($1) }
        return Set(files.compactMap(\.module)).subtracting(listed).sorted().map {
            "Sources/\($0): the module has no layer; add it to HouseRules.layers"
        }
    }

    private static func unused(_ allowed: Set<String>, by module: String, _ files: [HouseFile]) -> [String] {
        let sources = files.filter { $0.module == module && $0.isSwift }
        if sources.isEmpty { return [] }
        return allowed.subtracting(sources.flatMap(\.imports)).sorted().map {
            "Package.swift: \(module) declares \($0) and does not import it"
        }
    }

    /// The arrows as docs/ARCHITECTURE.md shows them: the highest layer first, a line for each
    /// module.
    static func arrowText(_ files: [HouseFile]) -> String {
        let declared = declaredArrows(files)
        let width = (declared.keys.map(\.count).max() ?? 0) + 1
        return layers.reversed().map { layer in
            layer.sorted().map { module in
                let others = (declared[module] ?? []).sorted().joined(separator: ", ")
                let name = module + String(repeating: " ", count: max(0, width - module.count))
                return others.isEmpty ? module : "\(name)> \(others)"
            }.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    static func arrowsInArchitecture(_ files: [HouseFile]) -> [String] {
        let text = "\n```\n\(arrowText(files))\n```\n"
        let page = files.first { $0.path == "docs/ARCHITECTURE.md" }
        return page?.text.contains(text) == true
            ? [] : ["docs/ARCHITECTURE.md must show the arrows that Package.swift declares:\n\(text)"]
    }

    private static func layer(of module: String) -> Int {
        layers.firstIndex { $0.contains(module) } ?? layers.count
    }

    /// What Package.swift says: of each of our modules those of ours that it depends on.
    static func declaredArrows(_ files: [HouseFile]) -> [String: Set<String>] {
        guard let package = files.first(where: { $0.path == "Package.swift" }) else { return [:] }
        var all: [String: Set<String>] = [:]
        for target in package.text.matches(
            of: /\.(?:executableTarget|target|systemLibrary)\(\s*name: "([\w-]+)"/
        ) {
            let rest = package.text[target.range.upperBound...]
            let end = rest.firstRange(of: /\n        \.|\n    \]/)?.lowerBound ?? rest.endIndex
            let text = rest[..<end]
            if text.contains("path: \"Tests") || text.contains("path: \"Examples") { continue }
            var own: Set<String> = []
            if let list = text.firstMatch(of: /dependencies: \[([\s\S]*?)\]/) {
                let products = list.output.1.replacing(/\.product\([^)]*\)/, with: "")
                own = Set(products.matches(of: /"([\w-]+)"/).map { String($0.output.1) })
            }
            all[String(target.output.1)] = own
        }
        return all
    }
}
