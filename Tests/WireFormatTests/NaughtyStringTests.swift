// Strings that break input handling, as every string field of a request: accepted or rejected by
// the documented rule, and an accepted one passes writer and reader byte for byte.

import Foundation
import SharedVectors
import Testing
import WireFormat

@Suite("Naughty strings")
struct NaughtyStringTests {
    static let controls: Set<UInt32> = Set((0...0x1F).map { $0 }).union(0x7F...0x9F)
    static let idCharacters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)

    @Test("as a function: 1 to 256 bytes without control characters", arguments: try NaughtyStrings.all())
    func function(_ string: String) throws {
        let isAllowed =
            (1...256).contains(string.utf8.count)
            && !string.unicodeScalars.contains { Self.controls.contains($0.value) }
        let body = AdmitBody(function: string)
        guard isAllowed else {
            #expect(throws: BodyError.self) { try AdmitBody(json: body.json) }
            return
        }
        let read = try AdmitBody(json: body.json)
        #expect(read.function.map { Array($0.utf8) } == Array(string.utf8))
    }

    @Test("as an id and as a kind: 1 to 64 bytes of A-Z a-z 0-9 . _ -", arguments: try NaughtyStrings.all())
    func name(_ string: String) throws {
        let isAllowed =
            (1...64).contains(string.utf8.count) && string.utf8.allSatisfy(Self.idCharacters.contains)
        for body in [AdmitBody(id: string), AdmitBody(kind: string)] {
            if isAllowed {
                #expect(try AdmitBody(json: body.json) == body)
            } else {
                #expect(throws: BodyError.self) { try AdmitBody(json: body.json) }
            }
        }
    }

    @Test("as a problem's detail, both sides and Foundation agree", arguments: try NaughtyStrings.all())
    func detail(_ string: String) throws {
        let json = Problem(.internalError, detail: string).json
        let parsed = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
        let detail = try #require(parsed?["detail"] as? String)
        // Foundation drops a byte order mark at a string's beginning; JSON does not.
        let expected =
            string.unicodeScalars.first == "\u{FEFF}" ? String(string.unicodeScalars.dropFirst()) : string
        #expect(Array(detail.utf8) == Array(expected.utf8))
        guard string.utf8.count <= 4096 else {
            #expect(throws: BodyError.self) { try Problem(json: json) }
            return
        }
        #expect(try Array(Problem(json: json).detail.utf8) == Array(string.utf8))
    }
}
