// The reader against a public suite of JSON texts: those that must be accepted, those that must be
// rejected, and Stint's choice if RFC 8259 leaves it open.

import SharedVectors
import Testing
import WireFormat

@Suite("JSON texts")
struct JSONVectorTests {
    @Test("every text is taken or refused as the suite says", arguments: try JSONVector.all())
    func vector(_ vector: JSONVector) {
        switch vector.expect {
        case .accept:
            #expect(throws: Never.self) { try JSONReader.validate(vector.bytes) }
        case .reject:
            #expect(throws: JSONError.self) { try JSONReader.validate(vector.bytes) }
        case .either:
            // Numbers of any size are well formed; bad UTF-8, half surrogates, other encodings,
            // byte order marks and 500 nested arrays are not.
            let outcome = Result { () throws(JSONError) in try JSONReader.validate(vector.bytes) }
            #expect((outcome.failure == nil) == vector.name.hasPrefix("i_number_"))
        }
    }

    @Test("a text is judged the same in one piece of memory and in several", arguments: try JSONVector.all())
    func pieces(_ vector: JSONVector) {
        let whole = Result { () throws(JSONError) in try JSONReader.validate(vector.bytes) }
        let pieces = Result { () throws(JSONError) in
            try JSONReader.validate(vector.bytes.lazy.map { $0 })
        }
        #expect(whole.failure == pieces.failure)
    }
}

extension Result {
    /// The error, if it is one.
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
