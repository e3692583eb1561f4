// The rules of the house as pure functions: files in, complaints out. Each complaint names the
// place and what to do. `HouseTests` runs them on the repository, and on a small bad example each,
// to see them fail.

enum HouseRules {
    /// Everything the pure module may import from outside.
    static let pureModule = "Accounting"
    static let pureImports: Set<String> = ["Synchronization"]

    static let modulesWithoutFoundation: Set<String> = [
        "Access", "Accounting", "Deciding", "HTTPRequests", "WireFormat", "Redis", "RedisLedger",
        "RunnerAPI",
    ]

    static let unwantedFolders: Set<String> = [
        "Utils", "Utilities", "Helpers", "Common", "Core", "Extensions", "Models", "Manager", "Managers",
    ]

    static let longestFunction = 70
    static let longestFile = 400
    /// Files longer than `longestFile`, with the length they may not pass. The aim is an empty
    /// table.
    static let longFiles: [String: Int] = [:]

    static func purity(_ files: [HouseFile]) -> [String] {
        files.filter { $0.isSwift && $0.module == pureModule }.flatMap { file in
            file.imports.filter { !pureImports.contains($0) }.map {
                "\(file.path): \(pureModule) is pure and must not import \($0)"
            }
        }
    }

    static func foundation(_ files: [HouseFile]) -> [String] {
        files.filter { $0.isSwift && modulesWithoutFoundation.contains($0.module ?? "") }.flatMap { file in
            file.imports.filter { $0.hasPrefix("Foundation") }.map {
                "\(file.path): \(file.module ?? "") does without \($0)"
            }
        }
    }

    static func folders(_ files: [HouseFile]) -> [String] {
        let folders = Set(files.filter(\.isSwift).map(\.folders))
        return folders.filter { !unwantedFolders.isDisjoint(with: $0) }.map {
            "\($0.joined(separator: "/")): name the folder after what lives in it"
        }.sorted()
    }

    static func names(_ files: [HouseFile]) -> [String] {
        files.filter { $0.isSwift && $0.folders.count > 1 && $0.folders[0] != "Benchmarks" }.compactMap {
            file in
            let base = file.name.dropLast(".swift".count).split(separator: "+").first.map(String.init) ?? ""
            let function = "func \(base.prefix(1).lowercased())\(base.dropFirst())("
            return file.types.contains(base) || file.text.contains(function)
                ? nil : "\(file.path): declares no type or function called \(base)"
        }
    }

    static func functionLengths(_ files: [HouseFile]) -> [String] {
        files.filter(\.isSwift).flatMap { file in
            file.functions.filter { $0.length > longestFunction }.map {
                "\(file.path):\($0.line): \($0.length) lines, at most \(longestFunction); split it"
            }
        }
    }

    static func fileLengths(_ files: [HouseFile], known: [String: Int] = longFiles) -> [String] {
        files.filter(\.isSwift).compactMap { file in
            let length = file.lines.count - 1
            let allowed = known[file.path] ?? longestFile
            if length > allowed { return "\(file.path): \(length) lines, at most \(allowed); split it" }
            if known[file.path] != nil, length < allowed {
                return "\(file.path): only \(length) lines now; lower its number in the table"
            }
            return nil
        }
    }

    /// Paths of one machine. (`/dev`, `/usr` and `/etc` are the same everywhere.)
    static func machinePaths(_ files: [HouseFile]) -> [String] {
        let roots = ["work", "tmp", "home", "root", "opt", "Users"].map { "/\($0)/" }
        return files.filter { file in roots.contains { file.text.contains($0) } }.flatMap { file in
            file.lines.enumerated().filter { _, line in roots.contains { line.contains($0) } }
                .filter { _, line in line.contains(/(^|[^\w.\/}\])-])\/(work|tmp|home|root|opt|Users)\//) }
                .map { "\(file.path):\($0 + 1): names a path of one machine: \($1)" }
        }
    }

    /// Files that the Makefile, the Docker files and the documents point at and that are not there.
    static func namedFiles(_ files: [HouseFile], exists: (String) -> Bool) -> [String] {
        files.flatMap { file -> [String] in
            var named: [String] = []
            if file.path.hasSuffix(".md") {
                named += file.text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/).map { String($0.output.1) }
                    .filter { !$0.contains(":") }
                    .map { resolve($0, from: file.folders) }
                named += file.text.matches(
                    of: /`((Sources|Tests|Benchmarks|Clients|Examples|docs|deploy|scripts)\/[\w.\/+-]+)`/
                )
                .map { String($0.output.1) }
            } else if ["Makefile", "Dockerfile", "docker-compose.yml"].contains(file.path) {
                named += file.text.matches(
                    of: /(^|[\s"@])(\.\/)?((Examples|scripts|docs|deploy|\.ci)\/[\w.\/+-]*\w)/
                )
                .map {
                    String($0.output.3)
                }
            }
            return named.filter { !exists($0) }.map { "\(file.path): names \($0), which is not there" }
        }
    }

    /// `../API.md` seen from `docs/decisions` is `docs/API.md`.
    private static func resolve(_ link: String, from folders: [String]) -> String {
        var parts = folders
        for part in link.split(separator: "/") where part != "." {
            if part == ".." {
                _ = parts.popLast()
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }
}
