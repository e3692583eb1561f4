// Reads the settings: finds each setting's text (a flag goes before a variable, a variable before
// the file), parses it, and refuses an invalid one. Pure: flags, environment and the file's text
// are parameters.

import Foundation
import PlanText
import Redis

/// An invalid setting. The description names it, its source, the valid values and what to type.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

package struct SettingsReader {
    /// Where a setting's text was found.
    enum Origin: CustomStringConvertible {
        case flag(String)
        case variable(String)
        case file(String, line: Int)

        var description: String {
            switch self {
            case .flag(let name): "flag \(name)"
            case .variable(let name): "variable \(name)"
            case .file(let name, let line): "\(name):\(line)"
            }
        }
    }

    /// `isFormer`: the text stands under the setting's former name.
    typealias Found = (text: String, origin: Origin, isFormer: Bool)

    /// - Parameters:
    ///   - flags: the texts of flags, by the setting's name.
    ///   - config: the settings file that a flag names.
    ///   - environment: the variables.
    ///   - isToServe: whether to check that the settings are safe together for a service that
    ///     listens.
    ///   - open: returns the text of a file that a setting names.
    package static func read(
        flags: [String: String], config: String?, environment: [String: String], isToServe: Bool = true,
        open: (_ path: String) throws(SettingsError) -> String
    ) throws(SettingsError) -> Settings {
        let environment = environment.withoutEmpty
        var file: [String: Found] = [:]
        if let config = config ?? environment["STINT_CONFIG"] {
            file = try entries(of: open(config), named: config)
        }

        var settings = Settings()
        var origins: [String: Found] = [:]
        for setting in Settings.table {
            let given = given(setting, flags, environment)
            guard let found = given ?? file[setting.name] else { continue }
            if found.isFormer {
                settings.warnings.append(
                    "\(found.origin): this setting is now called \(setting.name). Type: \(setting.flag) VALUE"
                )
            }
            if let reason = setting.assign(found.text, &settings) {
                throw error(setting, found, reason)
            }
            origins[setting.name] = found
        }
        try readRedisURL(into: &settings, origins, open)
        try readSentinelPassword(into: &settings, origins, open)
        if isToServe, let refusal = Exposure.refusal(of: settings) {
            let origin = origins[refusal.setting].map { " (\($0.origin))" } ?? ""
            throw SettingsError(
                description: "\(refusal.setting)\(origin): \(refusal.reason). \(refusal.hint)")
        }
        return settings
    }

    /// The text of the flag, or else of the variable, under the present or the former name.
    private static func given(
        _ setting: Setting, _ flags: [String: String], _ environment: [String: String]
    ) -> Found? {
        let spellings = setting.names.map { (name: $0, spelling: Setting.Spelling(of: $0)) }
        for (name, spelling) in spellings {
            if let text = flags[name] {
                return Found(text, .flag(spelling.flag), isFormer: name != setting.name)
            }
        }
        for (name, spelling) in spellings {
            if let text = environment[spelling.variable] {
                return Found(text, .variable(spelling.variable), isFormer: name != setting.name)
            }
        }
        return nil
    }

    /// A URL may hold a password. So it may stand in a file, no message repeats it, and one in a
    /// flag gets a warning.
    private static func readRedisURL(
        into settings: inout Settings, _ origins: [String: Found],
        _ open: (_ path: String) throws(SettingsError) -> String
    ) throws(SettingsError) {
        if case .flag(let flag)? = origins["redis.url"]?.origin, settings.redisURL?.password != nil {
            settings.warnings.append(
                "the password in \(flag) can be seen in the list of processes; use --redis-url-file FILE or STINT_REDIS_URL"
            )
        }
        guard let path = settings.redisURLFile, let origin = origins["redis.urlFile"]?.origin else { return }
        if let other = origins["redis.url"]?.origin {
            throw SettingsError(
                description:
                    "redis.urlFile (\(origin)): redis.url is set too (\(other)). Remove one of the two")
        }
        let text = try open(path).trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            settings.redisURL = try RedisURL(text)
        } catch {
            throw SettingsError(description: "redis.urlFile (\(origin)): \(path): \(error)")
        }
    }

    private static func readSentinelPassword(
        into settings: inout Settings, _ origins: [String: Found],
        _ open: (_ path: String) throws(SettingsError) -> String
    ) throws(SettingsError) {
        guard let path = settings.redisSentinelPasswordFile,
            let origin = origins["redis.sentinelPasswordFile"]?.origin
        else {
            guard let origin = origins["redis.sentinelUser"]?.origin else { return }
            throw SettingsError(
                description: "redis.sentinelUser (\(origin)): a user needs a password. "
                    + "Type: --redis-sentinel-password-file FILE")
        }
        let text = try open(path).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else {
            throw SettingsError(
                description: "redis.sentinelPasswordFile (\(origin)): \(path): the password is missing")
        }
        settings.redisSentinelPassword = text
    }

    private static func error(_ setting: Setting, _ found: Found, _ reason: String) -> SettingsError {
        let hint =
            setting.fallback.isEmpty
            ? "See: stint serve --help" : "Type for example: \(setting.flag) \(setting.fallback)"
        return SettingsError(description: "\(setting.name) (\(found.origin)): \(reason). \(hint)")
    }

    /// The settings of a file. Its keys may be dotted, nested or both.
    private static func entries(of yaml: String, named file: String) throws(SettingsError) -> [String: Found]
    {
        let root: YAMLValue
        do {
            root = try YAMLValue(parsing: yaml, file: file)
        } catch {
            throw SettingsError(description: "\(error)")
        }
        var found: [String: Found] = [:]
        if !root.isEmpty { try collect(root, under: "", into: &found) }
        return found
    }

    private static func collect(
        _ value: YAMLValue, under prefix: String, into found: inout [String: Found]
    ) throws(SettingsError) {
        do {
            for (key, value) in try value.entries() {
                let name = prefix.isEmpty ? key.text : "\(prefix).\(key.text)"
                if value.isMapping {
                    try collect(value, under: name, into: &found)
                    continue
                }
                guard let setting = Settings.table.first(where: { $0.name == name || $0.formerName == name })
                else {
                    throw key.error(
                        "unknown setting \(name). Type: stint serve --help, which lists every setting")
                }
                let origin = Origin.file(value.file, line: key.line)
                let entry = Found(try value.text(), origin, isFormer: name != setting.name)
                guard found.updateValue(entry, forKey: setting.name) == nil else {
                    throw key.error("duplicate setting \(setting.name)")
                }
            }
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError(description: "\(error)")
        }
    }
}
