import Testing

@testable import Randomness

@Suite("The generator of loads")
struct SplitMix64Tests {
    @Test("SplitMix64 gives the published numbers")
    func knownAnswers() {
        var generator = SplitMix64(seed: 1_234_567)
        let numbers = (0..<5).map { _ in generator.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test(
        "A number is below its bound and meets every number there, in one draw each",
        arguments: [1, 2, 7, 60])
    func numbers(bound: Int) {
        var (generator, other) = (SplitMix64(seed: 1), SplitMix64(seed: 1))
        var seen: Set<Int> = []
        for _ in 0..<2_000 {
            seen.insert(generator.number(below: bound))
            _ = other.next()
        }
        #expect(seen == Set(0..<bound))
        #expect(generator.next() == other.next())
    }

    @Test("A fraction is at least 0 and below 1, and half of them are below a half")
    func fractions() {
        var generator = SplitMix64(seed: 2)
        let fractions = (0..<10_000).map { _ in generator.fraction() }
        #expect(fractions.allSatisfy { (0..<1).contains($0) })
        #expect((4_700...5_300).contains(fractions.count { $0 < 0.5 }))
    }
}
