// Decodes a row of the audit stream as the admin API's body.

import Foundation
import NIOCore
import Redis
import WireFormat

extension ChangesBody.Change {
    /// - Parameter row: an entry of the stream: its id, then names and values in turn.
    init(_ row: RedisReply) throws {
        let parts = try row.elements
        guard parts.count == 2 else { throw RedisError.unexpected("an entry of a stream has two parts") }
        let id = try parts[0].text
        var values: [String: String] = [:]
        for (name, value) in try parts[1].pairs { values[try name.text] = try value.text }
        self.init(
            id: id, at: Int(id.prefix { $0 != "-" }) ?? 0, who: values["who"] ?? "",
            what: values["what"] ?? "",
            before: values["before"].map(Self.value), after: values["after"].map(Self.value))
    }

    /// The number of bytes of an entry's names and values.
    static func byteCount(of row: RedisReply) throws -> Int {
        try row.elements[1].elements.reduce(0) { sum, part in
            if case .bulk(let bytes) = part { sum + bytes.readableBytes } else { sum }
        }
    }

    /// A text that was damaged when it was logged becomes a string.
    private static func value(_ json: String) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
        } catch {
            return .string(json)
        }
    }
}
