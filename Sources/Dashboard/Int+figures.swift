// Numbers for people: counts with commas, durations and sizes in a suitable unit, instants in UTC.

import Foundation

extension Int {
    /// `6,000`
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    /// ms: `84 ms`, `9.916 s`, `600 s`, `26 h`, `31 d`, `1 d 2 h`. From an hour on it has at most
    /// two units, and the rest is cut off.
    var asDuration: String {
        let units = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)]
        if self < 1_000 { return "\(self) ms" }
        if self < 3_600_000 {
            let thousandths = String(self % 1_000 + 1_000).dropFirst()
            let decimals = thousandths.reversed().drop { $0 == "0" }.reversed()
            return (self / 1_000).grouped + (decimals.isEmpty ? "" : "." + String(decimals)) + " s"
        }
        for (index, (name, ms)) in units.enumerated() where self >= ms {
            let rest = self % ms
            guard index + 1 < units.count, rest >= units[index + 1].1 else {
                return "\((self / ms).grouped) \(name)"
            }
            return "\((self / ms).grouped) \(name) \(rest / units[index + 1].1) \(units[index + 1].0)"
        }
        return "\(self) ms"
    }

    /// ms, to a tenth of a second: for values that change while a person reads them.
    var asAge: String { (self < 1_000 ? self : self / 100 * 100).asDuration }

    /// Bytes: `512 B`, `48 MiB`, `1.5 GiB`.
    var asSize: String {
        let names = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (size, name) = (Double(self), 0)
        while size >= 1_024, name + 1 < names.count {
            size /= 1_024
            name += 1
        }
        return "\(size.rounded(decimals: 1)) \(names[name])"
    }

    /// ms since 1970: `2026-02-02 02:40:00`, in UTC.
    var asInstant: String {
        let text = Date(timeIntervalSince1970: Double(self) / 1_000).formatted(.iso8601)
        return String(text.replacing("T", with: " ").dropLast())
    }

    /// ms since 1970: `02:40:00`, in UTC.
    var asTime: String { String(asInstant.suffix(8)) }

    /// ms since 1970: `02:40`, in UTC.
    var asMinute: String { String(asTime.prefix(5)) }
}

extension Double {
    /// `1.5`, and `2` instead of `2.0`.
    func rounded(decimals: Int) -> String {
        let scale = decimals == 0 ? 1.0 : decimals == 1 ? 10 : 100
        let number = (self * scale).rounded() / scale
        return Int(exactly: number).map(String.init) ?? "\(number)"
    }
}

extension HTML.StringInterpolation {
    /// A coordinate or a length in a picture, to a hundredth.
    mutating func appendInterpolation(_ number: Double) { appendInterpolation(number.rounded(decimals: 2)) }

    /// A number as text for people, with the number itself for programs.
    mutating func appendInterpolation(_ number: Int, as text: String) {
        appendInterpolation(#"<data value="\#(number)">\#(text)</data>"# as HTML)
    }

    /// An instant, ms since 1970.
    mutating func appendInterpolation(instant ms: Int, as text: String) {
        let machine = ms.asInstant.replacing(" ", with: "T") + "Z"
        appendInterpolation(
            #"<time datetime="\#(machine)" title="\#(ms.asInstant) UTC">\#(text)</time>"# as HTML)
    }
}
