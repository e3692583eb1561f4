// Random bodies are read back equal, and random damage is never accepted as a body that a second
// reading rejects. Every case has its own seed, which the failing test's name shows.

import Foundation
import SeededChance
import Testing
import WireFormat

@Suite("Random documents")
struct RandomDocumentTests {
    @Test("what is written is read back equal", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let admit = random.admitBody()
        #expect(try AdmitBody(json: admit.json) == admit)
        let settle = random.settleBody()
        #expect(try SettleBody(json: settle.json) == settle)
        let settled = random.settledBody()
        #expect(try SettledBody(json: settled.json) == settled)
        let admitted = random.admittedBody()
        #expect(try AdmittedBody(json: admitted.json) == admitted)
        let problem = random.problem()
        #expect(try Problem(json: problem.json) == problem)
        let standing = random.standingBody()
        #expect(try StandingBody(json: standing.json) == standing)
    }

    @Test(
        "the reader judges damaged documents as Foundation does, but for what it documents",
        arguments: 0..<200)
    func damage(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let original = random.bool() ? random.standingBody().json : random.freeDocument()
        for _ in 0..<Proof.times(20) {
            let damaged = random.damage(original)
            guard !isReadAsUTF16(damaged) else { continue }
            let error = Result { () throws(JSONError) in try JSONReader.validate(damaged) }.failure
            let secondLook = Result { try foundation(damaged) }.failure
            let isBeyondFoundation = secondLook.map(isTooLargeForFoundation) ?? true
            if let error {
                #expect(secondLook != nil || isStricter(error, damaged), "\(text(damaged)): \(error)")
            } else {
                #expect(isBeyondFoundation, "\(text(damaged)): \(String(describing: secondLook))")
            }
        }
    }

    @Test("a damaged admission is refused or is what Foundation reads in it", arguments: 0..<200)
    func damagedAdmission(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let original = random.admitBody().json
        for _ in 0..<Proof.times(20) {
            let damaged = random.damage(original)
            guard !damaged.isEmpty, !isReadAsUTF16(damaged),
                case .success(let body) = Result(catching: { try AdmitBody(json: damaged) })
            else { continue }
            let secondLook = Result { try foundation(damaged) }
            // An unknown member with a number that Foundation cannot hold.
            if let failure = secondLook.failure, isTooLargeForFoundation(failure) { continue }
            let members = try #require(try secondLook.get() as? [String: Any], "\(text(damaged))")
            #expect(body.id == members["id"] as? String)
            #expect(body.function == members["function"] as? String)
            #expect(body.kind == members["kind"] as? String)
            #expect(body.maxDurationMs == (members["maxDurationMs"] as? NSNumber)?.intValue)
            #expect(body.minDurationMs == (members["minDurationMs"] as? NSNumber)?.intValue)
            #expect(body.payloadBytes == (members["payloadBytes"] as? NSNumber)?.intValue)
            #expect(try AdmitBody(json: body.json) == body, "\(text(damaged))")
        }
    }

    @Test("random bytes crash nothing", arguments: 0..<200)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\":,\\u0019eE+-.tfn \u{7}d8é".utf8)
        let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
            alphabet.randomElement(using: &random)!
        }
        let first = Result { () throws(JSONError) in try JSONReader.validate(bytes) }.failure
        let second = Result { () throws(JSONError) in try JSONReader.validate(bytes) }.failure
        #expect(first == second)
        if let first { #expect((0...bytes.count).contains(first.offset)) }
        #expect((try? AdmitBody(json: bytes)) == nil || bytes.isEmpty || first == nil)
    }

    private func foundation(_ json: [UInt8]) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)
    }

    /// What we take and Foundation does not: numbers beyond the range of `Double`, as long as
    /// nobody reads them.
    private func isTooLargeForFoundation(_ error: any Error) -> Bool {
        "\(error)".contains("is not representable in Swift")
    }

    /// What Foundation guesses from the first bytes; we never do.
    private func isReadAsUTF16(_ json: [UInt8]) -> Bool {
        json.prefix(4).contains { $0 == 0 || $0 >= 0xEF }
    }

    /// What we refuse and Foundation takes: deep nesting, and a comma before the end of an array or
    /// an object.
    private func isStricter(_ error: JSONError, _ json: [UInt8]) -> Bool {
        guard json.indices.contains(error.offset) else { return false }
        return switch error.reason {
        case .expectedValue: json[error.offset] == UInt8(ascii: "]")
        case .expectedName: json[error.offset] == UInt8(ascii: "}")
        case .tooDeep: true
        default: false
        }
    }

    private func text(_ json: [UInt8]) -> String {
        String(decoding: json, as: UTF8.self)
    }
}
