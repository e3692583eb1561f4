// Reads the fields of a body by their rules. It stands between the JSON reader, which knows no
// names, and the bodies, which know no bounds.

/// The fields found so far in one object: a bit for each ``BodyField``.
struct FieldSet {
    private var bits: UInt64 = 0

    func contains(_ field: BodyField) -> Bool { bits & 1 << field.rawValue != 0 }

    /// Returns false if the field was there already.
    mutating func insert(_ field: BodyField) -> Bool {
        defer { bits |= 1 << field.rawValue }
        return !contains(field)
    }
}

extension JSONReader {
    /// Enters the object with the fields.
    mutating func beginFields() throws(BodyError) {
        try orMalformed { reader throws(JSONError) in try reader.beginObject() }
    }

    /// Moves to the value of the next member that is one of `fields`, and skips all others. Nil at
    /// the end of the object. A duplicate member is an error.
    mutating func nextField(of fields: [BodyField], seen: inout FieldSet) throws(BodyError) -> BodyField? {
        while try orMalformed({ reader throws(JSONError) in try reader.nextMember() }) {
            guard let field = memberField(of: fields) else {
                try skipField()
                continue
            }
            guard seen.insert(field) else {
                throw .malformedField(field, bound: "given once", found: "a duplicate")
            }
            return field
        }
        return nil
    }

    private func memberField(of fields: [BodyField]) -> BodyField? {
        for field in fields where isMember(field.name) { return field }
        return nil
    }

    mutating func skipField() throws(BodyError) {
        try orMalformed { reader throws(JSONError) in try reader.skipValue() }
    }

    /// Reads a string that its rule allows, or nil for null.
    mutating func text(_ field: BodyField) throws(BodyError) -> String? {
        let start = try beginValue(of: field, .string)
        guard let start else { return nil }
        let value = try orMalformed { reader throws(JSONError) in try reader.string() }
        guard field.rule.allows(value) else { throw refusal(of: field, from: start) }
        return value
    }

    /// Reads a whole number within its rule's bounds, or nil for null.
    mutating func integer(_ field: BodyField) throws(BodyError) -> Int? {
        let start = try beginValue(of: field, .number)
        guard let start else { return nil }
        let value = try orMalformed { reader throws(JSONError) in try reader.integer() }
        guard case .integer(let bounds, _) = field.rule, let value, bounds.contains(value) else {
            throw refusal(of: field, from: start)
        }
        return value
    }

    /// Reads a boolean, or nil for null.
    mutating func boolean(_ field: BodyField) throws(BodyError) -> Bool? {
        guard try beginValue(of: field, .boolean) != nil else { return nil }
        return try orMalformed { reader throws(JSONError) in try reader.boolean() }
    }

    /// Reads another body as the value of a field, or nil for null.
    mutating func body<Body: WireBody>(_ field: BodyField, as: Body.Type) throws(BodyError) -> Body? {
        guard try beginValue(of: field, .object) != nil else { return nil }
        return try Body(from: &self)
    }

    /// Skips another body as the value of a field, and returns its bytes, or nil for null.
    mutating func unreadObject(_ field: BodyField) throws(BodyError) -> [UInt8]? {
        guard let start = try beginValue(of: field, .object) else { return nil }
        try skipField()
        return Array(slice(start..<offset))
    }

    /// Reads an array; `element` reads one element. Null is an empty array.
    mutating func array<Element>(
        _ field: BodyField, _ element: (inout JSONReader) throws(BodyError) -> Element?
    ) throws(BodyError) -> [Element] {
        guard try beginValue(of: field, .array) != nil else { return [] }
        var elements: [Element] = []
        try orMalformed { reader throws(JSONError) in try reader.beginArray() }
        while try orMalformed({ reader throws(JSONError) in try reader.nextElement() }) {
            guard let element = try element(&self) else {
                throw .malformedField(field, bound: "\(field.rule) without nulls", found: "null")
            }
            elements.append(element)
        }
        return elements
    }

    /// The offset of a value of the right kind; nil for null, which is consumed.
    private mutating func beginValue(of field: BodyField, _ expected: Kind) throws(BodyError) -> Int? {
        let kind = try orMalformed { reader throws(JSONError) in try reader.kind() }
        let start = offset
        if kind == expected { return start }
        try skipField()
        guard kind == .null else { throw refusal(of: field, from: start) }
        return nil
    }

    /// The error for a value that starts at `start` and has just been read.
    private func refusal(of field: BodyField, from start: Int) -> BodyError {
        .malformedField(field, bound: "\(field.rule)", found: excerpt(from: start))
    }

    /// A value as it is in the document: the whole value if it is short, otherwise its beginning.
    private func excerpt(from start: Int) -> String {
        switch byte(at: start) {
        case UInt8(ascii: "{"): return "an object"
        case UInt8(ascii: "["): return "an array"
        default: break
        }
        guard offset - start > 64 else { return String(decoding: slice(start..<offset), as: UTF8.self) }
        var end = start + 60
        while let next = byte(at: end), (0x80..<0xC0).contains(next) { end -= 1 }
        return String(decoding: slice(start..<end), as: UTF8.self) + "..."
    }

    private mutating func orMalformed<Value>(
        _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(BodyError) -> Value {
        do throws(JSONError) {
            return try read(&self)
        } catch {
            throw .malformedJSON(error)
        }
    }
}
