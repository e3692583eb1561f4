import Testing

@testable import Randomness

@Suite("The generator of ids")
struct Xoshiro256Tests {
    @Test("xoshiro256** gives the published numbers")
    func knownAnswers() {
        var generator = Xoshiro256(state: (1, 2, 3, 4))
        let numbers = (0..<6).map { _ in generator.next() }
        #expect(
            numbers == [
                11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
                607_988_272_756_665_600,
            ])
    }

    @Test("two that are seeded by the system go different ways")
    func seeds() {
        var system = SystemRandomNumberGenerator()
        var one = Xoshiro256(seededBy: &system)
        var other = Xoshiro256(seededBy: &system)
        #expect((0..<4).map { _ in one.next() } != (0..<4).map { _ in other.next() })
    }
}
