// Makes the text of a script: the lines of its files and of the files that they include, without
// comments, and with numbers in place of their names.
//
//   --- @include clock.lua     becomes the lines of Scripts/Include/clock.lua
//   w[EXECUTIONS]              becomes w[7]: a name in capitals costs a call nothing

enum ScriptText {
    /// The text of these files, in this order.
    static func of(_ files: [String]) -> String {
        files.flatMap { lines(of: $0[...]) }.map { "\($0)\n" }.joined()
    }

    private static let include = "--- @include "

    private static func lines(of file: Substring) -> [String] {
        guard let bytes = files[file] else { preconditionFailure("there is no script \(file)") }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").flatMap { line -> [String] in
            let code = line.drop { $0 == " " }
            if code.hasPrefix(include) { return lines(of: code.dropFirst(include.count)) }
            return code.hasPrefix("--") ? [] : [numbered(line)]
        }
    }

    /// `line` with each name of ``ScriptNumbers`` replaced, also within quotes.
    static func numbered(_ line: Substring) -> String {
        var text = ""
        var rest = line
        while let first = rest.first {
            let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if word.isEmpty {
                text.append(first)
                rest.removeFirst()
            } else {
                let number = first.isUppercase ? ScriptNumbers.all[String(word)] : nil
                text += number.map(String.init) ?? String(word)
                rest.removeFirst(word.count)
            }
        }
        return text
    }

    private static let files: [Substring: [UInt8]] = [
        "admit.lua": PackageResources.admit_lua,
        "answer.lua": PackageResources.answer_lua,
        "call.lua": PackageResources.call_lua,
        "clock.lua": PackageResources.clock_lua,
        "forget.lua": PackageResources.forget_lua,
        "hold_parts.lua": PackageResources.hold_parts_lua,
        "holds.lua": PackageResources.holds_lua,
        "log.lua": PackageResources.log_lua,
        "account.lua": PackageResources.account_lua,
        "peek.lua": PackageResources.peek_lua,
        "plan.lua": PackageResources.plan_lua,
        "probe.lua": PackageResources.probe_lua,
        "settle.lua": PackageResources.settle_lua,
        "sweep.lua": PackageResources.sweep_lua,
        "usual.lua": PackageResources.usual_lua,
        "usual_admit.lua": PackageResources.usual_admit_lua,
        "usual_advance.lua": PackageResources.usual_advance_lua,
        "usual_deny.lua": PackageResources.usual_deny_lua,
        "usual_load.lua": PackageResources.usual_load_lua,
        "usual_settle.lua": PackageResources.usual_settle_lua,
        "usual_store.lua": PackageResources.usual_store_lua,
        "window.lua": PackageResources.window_lua,
    ]
}
