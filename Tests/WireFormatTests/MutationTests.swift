// Random changes to bodies and JSON texts, through the reader of every body: each is rejected, with
// an offset within it, or accepted as a value that is written and read back equal.

import SeededChance
import SharedVectors
import Testing
import WireFormat

@Suite("Mutated bodies")
struct MutationTests {
    /// A body's type: how to make a valid one, and how to read what became of it.
    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let valid: @Sendable (inout SeededGenerator) -> [UInt8]
        /// What is wrong with how it was read, nil when nothing is; and whether it was taken.
        let read: @Sendable ([UInt8]) -> (complaint: String?, isTaken: Bool)

        init<Body: WireBody>(_ type: Body.Type, _ make: @escaping @Sendable (inout SeededGenerator) -> Body) {
            testDescription = "\(type)"
            valid = { make(&$0).json }
            read = { json in
                do throws(BodyError) {
                    let body = try Body(json: json)
                    let again = try Body(json: body.json)
                    return (again == body ? nil : "\(body) is read back as \(again)", true)
                } catch .malformedJSON(let error) {
                    let isWithin = (0...json.count).contains(error.offset)
                    return (isWithin ? nil : "\(error), of \(json.count)", false)
                } catch {
                    return (error.description.utf8.count > 5_000 ? "an error without end" : nil, false)
                }
            }
        }
    }

    static let kinds = [
        Kind(AdmitBody.self) { $0.admitBody() }, Kind(SettleBody.self) { $0.settleBody() },
        Kind(AdmittedBody.self) { $0.admittedBody() }, Kind(SettledBody.self) { $0.settledBody() },
        Kind(StandingBody.self) { $0.standingBody() }, Kind(Problem.self) { $0.problem() },
        Kind(LimitsObject.self) { $0.limits() },
    ]

    @Test("are refused at a place within, or read as what is written back equal", arguments: kinds)
    func bodies(_ kind: Kind) {
        var taken = 0
        let rounds = Proof.times(3_000)
        for seed in 0..<rounds {
            var random = SeededGenerator(seed: seed)
            let valid = kind.valid(&random)
            let bytes =
                random.once(in: 5)
                ? SeededGenerator.json.splice(valid, random.pick(Self.kinds).valid(&random), using: &random)
                : random.damage(valid)
            let (complaint, isTaken) = kind.read(bytes)
            if isTaken { taken += 1 }
            if let complaint {
                Issue.record("seed \(seed): \(complaint)\n\(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
        print("mutated \(kind.testDescription): \(rounds), of which \(taken) were taken")
        #expect(taken > rounds / 50 && taken < rounds * 9 / 10)
    }

    @Test(
        "with a public JSON text in the place of a member, or around one, are no different", arguments: kinds)
    func texts(_ kind: Kind) throws {
        var random = SeededGenerator(seed: 1)
        for vector in try JSONVector.all() {
            for round in 0..<Proof.times(4) {
                var bytes = kind.valid(&random)
                let text = random.once(in: 2) ? vector.bytes : random.damage(vector.bytes)
                let places = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
                let place = places.isEmpty ? 0 : random.pick(places) + 1
                if random.once(in: 2) {
                    bytes.insert(contentsOf: text, at: place)
                } else {
                    bytes.replaceSubrange(place..<random.number(in: place...bytes.count), with: text)
                }
                for bytes in [bytes, text] {
                    if let complaint = kind.read(bytes).complaint {
                        Issue.record(
                            "\(vector.name), \(round): \(complaint)\n\(String(decoding: bytes, as: UTF8.self))"
                        )
                        return
                    }
                }
            }
        }
    }

    @Test("are judged by the reader alone like by a body that skips them, always at the same place")
    func skipped() throws {
        let texts = try JSONVector.all()
        for seed in 0..<Proof.times(5_000) {
            var random = SeededGenerator(seed: seed)
            let original = random.once(in: 2) ? random.freeDocument() : random.pick(texts).bytes
            let text = random.damage(original)
            let alone = Result { () throws(JSONError) in try JSONReader.validate(text) }.failure
            let member = Array(#"{"x":[["#.utf8)
            let inside = Result { () throws(BodyError) in
                try AdmitBody(json: member + text + Array("]]}".utf8))
            }.failure
            // What is no JSON alone may end a string or an array around it, and what is too deep is
            // so sooner.
            guard alone == nil else { continue }
            if case .malformedJSON(let error) = inside, error.reason == .tooDeep { continue }
            guard inside == nil else {
                Issue.record("seed \(seed): \(String(decoding: text, as: UTF8.self)): \(inside!)")
                return
            }
        }
    }
}
