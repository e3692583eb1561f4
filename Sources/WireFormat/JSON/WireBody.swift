// The common protocol of all bodies: JSON objects that either side can read and write.

/// A JSON object with known fields.
///
/// A body that was written is read back equal. Reading rejects a value that breaks a bound of
/// ``BodyField``. Writing checks nothing, because its values come from code that knows the bounds.
public protocol WireBody: Hashable, Sendable {
    /// Reads one object at the reader's offset.
    init(from reader: inout JSONReader) throws(BodyError)
    /// Appends the object.
    func write(to writer: inout JSONWriter)
}

extension WireBody {
    /// Reads a whole body: UTF-8, one object, nothing after it. An empty body is the same as `{}`.
    @inlinable
    public init(json: some Collection<UInt8>) throws(BodyError) {
        guard !json.isEmpty else {
            self = try Self(json: Array("{}".utf8))
            return
        }
        self = try JSONReader.read(json) { reader throws(BodyError) in
            let body = try Self(from: &reader)
            do throws(JSONError) {
                try reader.finish()
            } catch {
                throw .malformedJSON(error)
            }
            return body
        }
    }

    /// The body's bytes, in a new array. On the request path, call ``write(to:)`` with a writer
    /// that is kept.
    public var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

extension JSONWriter {
    mutating func member(_ field: BodyField, _ value: Int) { member(field.name, value) }
    mutating func member(_ field: BodyField, _ value: Bool) { member(field.name, value) }
    mutating func member(_ field: BodyField, _ value: String) { member(field.name, value) }

    /// Writes nothing if the value is nil.
    mutating func member(_ field: BodyField, ifPresent value: Int?) {
        if let value { member(field.name, value) }
    }

    /// Writes nothing if the value is nil.
    mutating func member(_ field: BodyField, ifPresent value: String?) {
        if let value { member(field.name, value) }
    }
}
