// The header of a trace: which column is which. Columns beyond the four that are needed may stand anywhere; they are
// carried along and not looked at.

/// Where the needed columns stand, counted from 0.
struct TraceColumns: Equatable {
    let names: [String]
    let offset: Int
    let account: Int
    let function: Int
    let duration: Int

    /// How many columns a trace may have.
    static let maximum = 1_000

    /// - Parameter header: the first line without its end.
    init(header: ArraySlice<UInt8>) throws(TraceError) {
        let marked = header.starts(with: [0xEF, 0xBB, 0xBF])
        let names = (marked ? header.dropFirst(3) : header)
            .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard names.count <= Self.maximum else {
            throw TraceError(line: 1, "has more than \(Self.maximum) columns, so it is no trace")
        }
        func column(_ name: String) throws(TraceError) -> Int {
            guard let place = names.firstIndex(of: name) else {
                throw TraceError(
                    line: 1,
                    "no column is called \(name); the header must name offset_ms, account, function and duration_ms"
                )
            }
            guard names.lastIndex(of: name) == place else {
                throw TraceError(line: 1, "two columns are called \(name); rename one")
            }
            return place
        }
        offset = try column("offset_ms")
        account = try column("account")
        function = try column("function")
        duration = try column("duration_ms")
        self.names = names
    }
}
