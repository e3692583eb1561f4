// The header of a trace: the place of each column. Columns other than the four that are needed may
// be anywhere; they are kept and not read.

/// The indices of the needed columns, counted from 0.
struct TraceColumns: Equatable {
    let names: [String]
    let offset: Int
    let account: Int
    let function: Int
    let duration: Int

    /// The maximum number of columns of a trace.
    static let maximum = 1_000

    /// The byte order mark, which some programs write before the header.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The offset of the header's line feed, which is outside quotes; nil if it has not been read
    /// yet.
    static func end(in bytes: [UInt8]) -> Int? {
        var isQuoted = false
        var at = bytes.starts(with: mark) ? mark.count : 0
        var fieldStart = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\n") where !isQuoted: return at
            case UInt8(ascii: ",") where !isQuoted: fieldStart = at + 1
            case UInt8(ascii: "\"") where isQuoted:
                if at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "\"") {
                    at += 1
                } else {
                    isQuoted = false
                }
            case UInt8(ascii: "\"") where at == fieldStart: isQuoted = true
            default: break
            }
            at += 1
        }
        return nil
    }

    /// - Parameter header: the first row without its line feed.
    init(header: ArraySlice<UInt8>) throws(TraceError) {
        let marked = header.starts(with: Self.mark)
        let names = try Self.names(in: marked ? header.dropFirst(3) : header)
        guard names.count <= Self.maximum else {
            throw TraceError(line: 1, "has more than \(Self.maximum) columns, so it is not a trace")
        }
        func column(_ name: String) throws(TraceError) -> Int {
            guard let place = names.firstIndex(of: name) else {
                let other = [";", "\t"].first { names.count == 1 && names[0].contains($0) }
                let hint =
                    other == nil ? "" : "; this one is not separated by commas: save it as CSV with commas"
                throw TraceError(
                    line: 1,
                    "the column \(name) is missing; the header must name offset_ms, account, function and duration_ms\(hint)"
                )
            }
            guard names.lastIndex(of: name) == place else {
                throw TraceError(line: 1, "duplicate column \(name); rename one")
            }
            return place
        }
        offset = try column("offset_ms")
        account = try column("account")
        function = try column("function")
        duration = try column("duration_ms")
        self.names = names
    }

    /// The fields of a header, without their quotes.
    private static func names(in header: ArraySlice<UInt8>) throws(TraceError) -> [String] {
        var names: [String] = []
        var rest = header
        while true {
            var name: [UInt8] = []
            var isQuoted = rest.first == UInt8(ascii: "\"")
            if isQuoted { rest = rest.dropFirst() }
            while let byte = rest.first, isQuoted || byte != UInt8(ascii: ",") {
                rest = rest.dropFirst()
                guard isQuoted, byte == UInt8(ascii: "\"") else {
                    name.append(byte)
                    continue
                }
                if rest.first == UInt8(ascii: "\"") {
                    name.append(byte)
                    rest = rest.dropFirst()
                } else {
                    isQuoted = false
                }
            }
            guard !isQuoted else { throw TraceError(line: 1, "a quote is not closed") }
            names.append(String(decoding: name, as: UTF8.self))
            guard rest.first == UInt8(ascii: ",") else { return names }
            rest = rest.dropFirst()
        }
    }
}
