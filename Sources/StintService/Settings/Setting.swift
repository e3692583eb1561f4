// One row of the table of settings: its name in three spellings, its bound, its default, its help
// text, its completion in a shell, and how its text becomes a value. `Settings.table` has the rows.

import Redis

/// A setting of the service, of any type.
package struct Setting: Sendable {
    /// What a shell can complete.
    package enum Completion: Sendable, Equatable {
        case none
        case choices([String])
        case file
        case directory
    }

    /// Dotted, such as `redis.commandDeadlineMs`. The other spellings follow from it.
    package let name: String
    /// The valid values, for people: `1 to 60000`, `redis or memory`, `HOST:PORT`.
    package let bound: String
    package let completion: Completion
    /// The default; empty when the setting is then off.
    package let fallback: String
    /// One line: what the setting does, with its unit.
    package let help: String
    /// Parses the text and stores its value in the settings.
    /// - Returns: why the text is invalid, or nil.
    let assign: @Sendable (_ text: String, inout Settings) -> String?
    /// The setting's former name, which is still read, with a warning.
    package private(set) var formerName: String?

    /// `--redis-command-deadline-ms`
    package var flag: String { Spelling(of: name).flag }
    /// `STINT_REDIS_COMMAND_DEADLINE_MS`
    var variable: String { Spelling(of: name).variable }

    /// The present name, then the former one.
    package var names: [String] { [name] + (formerName.map { [$0] } ?? []) }

    /// A setting's name as a flag and as a variable.
    package struct Spelling {
        package let flag: String
        package let variable: String

        /// A new word begins at each dot and each capital of the name.
        package init(of name: String) {
            var words = [""]
            for character in name {
                if character == "." {
                    words.append("")
                } else if character.isUppercase {
                    words.append(character.lowercased())
                } else {
                    words[words.count - 1].append(character)
                }
            }
            flag = "--" + words.joined(separator: "-")
            variable = "STINT_" + words.joined(separator: "_").uppercased()
        }
    }

    func formerly(_ name: String) -> Setting {
        var setting = self
        setting.formerName = name
        return setting
    }
}

extension Setting {
    typealias Path<Value> = WritableKeyPath<Settings, Value> & Sendable

    init(_ name: String, _ path: any Path<Int>, _ bound: ClosedRange<Int>, _ help: String) {
        self.init(name, path, bound: "\(bound.lowerBound) to \(bound.upperBound)", help) { text in
            Int(text).flatMap { bound.contains($0) ? $0 : nil }
        }
    }

    /// A time, given in ms.
    init(_ name: String, _ path: any Path<Duration>, _ bound: ClosedRange<Duration>, _ help: String) {
        func ms(_ time: Duration) -> Int { Int(time / .milliseconds(1)) }
        let boundMs = ms(bound.lowerBound)...ms(bound.upperBound)
        self.init(
            name, path, bound: "\(boundMs.lowerBound) to \(boundMs.upperBound)", show: { "\(ms($0))" }, help
        ) { text in
            Int(text).flatMap { boundMs.contains($0) ? .milliseconds($0) : nil }
        }
    }

    init(_ name: String, _ path: any Path<Bool>, _ help: String) {
        self.init(name, path, bound: "true or false", completing: .choices(["true", "false"]), help) {
            Bool($0)
        }
    }

    init<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: any Path<Choice>, _ help: String
    ) {
        let choices = Choice.allCases.map(\.rawValue)
        let text = choices.dropLast().joined(separator: ", ") + " or " + (choices.last ?? "")
        self.init(name, path, bound: text, completing: .choices(choices), show: \.rawValue, help) {
            Choice(rawValue: $0)
        }
    }

    init(
        _ name: String, _ path: any Path<String>, bound: String, completing completion: Completion = .none,
        _ help: String, where isGood: @escaping @Sendable (String) -> Bool
    ) {
        self.init(name, path, bound: bound, completing: completion, help) { isGood($0) ? $0 : nil }
    }

    init(
        _ name: String, _ path: any Path<String?>, bound: String, completing completion: Completion = .file,
        _ help: String, where isGood: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        self.init(name, path, bound: bound, completing: completion, show: { $0 ?? "" }, help) {
            isGood($0) ? .some($0) : nil
        }
    }

    init(_ name: String, _ path: any Path<Address>, _ help: String) {
        self.init(name, path, bound: "HOST:PORT", help) { Address($0) }
    }

    /// The reason for refusing a URL never repeats the URL, which may hold a password.
    init(_ name: String, _ path: any Path<RedisURL?>, _ help: String) {
        self.init(
            name: name, bound: "a redis://, rediss://, redis+cluster://, redis+sentinel:// or unix:// URL",
            completion: .none, fallback: "",
            help: help
        ) { text, settings in
            do {
                settings[keyPath: path] = try RedisURL(text)
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    /// What the initializers above have in common.
    private init<Value>(
        _ name: String, _ path: any Path<Value>, bound: String, completing completion: Completion = .none,
        show: (Value) -> String = { "\($0)" }, _ help: String,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.init(
            name: name, bound: bound, completion: completion, fallback: show(Settings()[keyPath: path]),
            help: help
        ) { text, settings in
            guard !text.isEmpty, let value = parse(text) else { return "must be \(bound), not '\(text)'" }
            settings[keyPath: path] = value
            return nil
        }
    }
}
