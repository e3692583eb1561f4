// The flags of the service's settings, for `serve` and `health`. They are not declared one by one:
// each row of `Settings.table` is an option, so a new setting is in the help, in the completions
// and in the parser's hints without a line here.

import ArgumentParser
import StintService

/// The settings of `Settings.table` that were given as flags, and the settings file.
struct SettingFlags: ParsableArguments {
    /// The flags' texts by the setting's name, present or former.
    private(set) var values: [String: String] = [:]
    private(set) var config: String?
    /// Arguments without a flag.
    private var strays: [String] = []

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for name in Settings.table.flatMap(\.names) {
            values[name] = try container.decode(Option<String?>.self, forKey: Key(stringValue: name))
                .wrappedValue
        }
        config = try container.decode(Option<String?>.self, forKey: .config).wrappedValue
        strays = try container.decode(Argument<[String]>.self, forKey: .strays).wrappedValue
    }

    /// - Parameters:
    ///   - environment: the variables.
    ///   - isToServe: whether to check that the settings are safe together for a service that
    ///     listens.
    ///   - open: returns the text of a file that a setting names.
    func settings(
        _ environment: [String: String], isToServe: Bool = true,
        open: (_ path: String) throws(SettingsError) -> String
    ) throws(SettingsError) -> Settings {
        guard strays.isEmpty else {
            // The message does not repeat it, because it may be a password.
            throw SettingsError(
                description:
                    "unknown argument: it is not a flag. Type: stint serve --help, which lists every setting"
            )
        }
        return try SettingsReader.read(
            flags: values, config: config, environment: environment, isToServe: isToServe, open: open)
    }

    private struct Key: CodingKey {
        static let config = Key(stringValue: "config")
        static let strays = Key(stringValue: "strays")

        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// The parser finds the arguments by reflection.
extension SettingFlags: CustomReflectable {
    var customMirror: Mirror {
        let options = Settings.table.map { setting -> (String?, Any) in
            let fallback = setting.fallback.isEmpty ? "" : " (default: \(setting.fallback))"
            let help = ArgumentHelp("\(setting.help)\(fallback)", valueName: setting.bound)
            return (setting.name, Self.option(setting.flag, help, setting.completion))
        }
        let former = Settings.table.compactMap(\.formerName).map { name -> (String?, Any) in
            (name, Self.option(Setting.Spelling(of: name).flag, .private, .none))
        }
        let config = Self.option(
            "--config", ArgumentHelp("the settings file, in YAML", valueName: "a file"), .file)
        let strays = Argument<[String]>(wrappedValue: [], help: .private)
        return Mirror(
            self,
            children: options + former + [(Key.config.stringValue, config), (Key.strays.stringValue, strays)])
    }

    /// - Parameter flag: with its two dashes.
    private static func option(
        _ flag: String, _ help: ArgumentHelp, _ completion: Setting.Completion
    ) -> Option<String?> {
        let kind: CompletionKind =
            switch completion {
            case .none: .default
            case .choices(let choices): .list(choices)
            case .file: .file()
            case .directory: .directory
            }
        // A value may begin with a dash.
        return Option(
            name: .customLong(String(flag.dropFirst(2))), parsing: .unconditional, help: help,
            completion: kind)
    }
}
