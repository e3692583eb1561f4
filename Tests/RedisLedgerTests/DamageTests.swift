// Account ledgers in which a number has changed: each question is answered or refused, for that
// account alone, and the part of the account ledger that is read to find out is bounded. This
// covers the usual path, the general functions of the script, and the inspection for people.

import Accounting
import LedgerRig
import NIOCore
import Redis
import RuleTable
import SeededChance
import TestServers
import Testing

@testable import RedisLedger

@Suite("A damaged account ledger")
struct DamageTests {
    /// Which accounts the script answers: the usual one, or one with several windows.
    enum Way: CaseIterable {
        case usual
        case whole
        /// As the usual one, after the clock was set back.
        case setBack

        var shapes: [WindowShape] {
            let usual = WindowShape(lengthMs: 60_000, cells: 60)
            return self == .whole ? [usual, WindowShape(lengthMs: 90_000, cells: 100)] : [usual]
        }

        /// - Parameter executions: the amount of executions within each window.
        func plan(executions: Int) throws -> Plan {
            let limits = try shapes.enumerated().map { index, shape in
                try Limit(
                    name: "limit-\(index)", meter: .executions, amount: executions, windowMs: shape.lengthMs,
                    cells: shape.cells)
            }
            let time = try Limit(
                name: "time", meter: .executionTime, amount: 1_000_000, windowMs: shapes[0].lengthMs,
                cells: shapes[0].cells)
            return try Plan(name: "plan", limits: limits + [time])
        }
    }

    /// Some bytes of a field and what they become.
    struct Damage: CustomStringConvertible {
        let field: String
        let at: Int
        /// Bytes that go.
        let count: Int
        /// How the value is packed; empty: so many zeros.
        let format: String
        let value: Double

        var description: String { "\(count) bytes at \(at) of \(field) become \(value) as '\(format)'" }
    }

    /// ms after the beginning of the traffic, which lasts 54 s: nothing leaves, one cell leaves,
    /// many do, all do.
    static let moments = [55_000, 60_500, 92_000, 300_000]

    @Test(
        "Each number of a window, become anything, is that account's trouble alone and quickly found out",
        arguments: Way.allCases)
    func window(_ way: Way) async throws {
        try await Self.withPage(way) { rig in
            for field in way.shapes.flatMap(PackedWindow.fields) {
                guard let bytes = rig.fields[field] else { continue }
                let isBlock = field.split(separator: ":").count == 4
                let numbers = isBlock ? 8 : way == .setBack ? 80 : 72
                for at in stride(from: 0, to: numbers, by: 8) {
                    let number = try await rig.double(at, of: field)
                    for value in Self.values(instead: number) {
                        try await rig.ask(
                            after: .init(field: field, at: at, count: 8, format: "<d", value: value),
                            everywhere: way == .usual && !isBlock)
                    }
                }
                for start in stride(from: numbers, to: bytes, by: 14 * 5) {
                    for (at, size) in [(0, 4), (4, 6), (10, 4)] {
                        for value in [0, 1, 1_000, 4_294_967_295] as [Double] {
                            try await rig.ask(
                                after: .init(
                                    field: field, at: start + at, count: size, format: "<I\(size)",
                                    value: value))
                        }
                    }
                }
            }
            #expect(rig.refused > 500 && rig.answered > 500)
            print("damage: \(rig.refused) questions were refused, \(rig.answered) answered")
        }
    }

    @Test("So is every field that is cut off, too long, or holds other numbers", arguments: Way.allCases)
    func others(_ way: Way) async throws {
        try await Self.withPage(way) { rig in
            for (field, length) in rig.fields.sorted(by: { $0.key < $1.key })
            where ["", "e0", "e25", "e49"].contains(field) || field.contains(":") {
                for kept in [0, 1, 17, 71, length - 1] where kept < length && kept >= 0 {
                    try await rig.ask(
                        after: .init(field: field, at: kept, count: length - kept, format: "", value: 0))
                }
                for more in [1, 14, 1_000, 1_000_000] {
                    try await rig.ask(
                        after: .init(field: field, at: length, count: 0, format: "", value: Double(more)))
                }
                guard !field.contains(":") else { continue }
                for value in [0, 1, 1_770_076_800_000, 281_474_976_710_655] as [Double] {
                    for at in stride(from: 0, to: min(length, 18) - 5, by: 6) {
                        try await rig.ask(
                            after: .init(field: field, at: at, count: 6, format: "<I6", value: value))
                    }
                }
                for value in Self.values(instead: 0) where field.isEmpty {
                    try await rig.ask(after: .init(field: field, at: 0, count: 8, format: "<d", value: value))
                }
            }
            #expect(rig.refused > 50 && rig.answered > 50)
        }
    }

    private static func values(instead number: Double) -> [Double] {
        let (cell, window) = (1_000.0, 60_000.0)
        return [
            0, 1, -1, 0.5, number + 0.5, number + 1, number - 1, number + cell, number - cell,
            number + window, number - window, number - window - cell, 2 * number, -number, 4_294_967_295,
            8_796_093_022_208, 17_592_186_044_416, 9_007_199_254_740_992, 9_223_372_036_854_775_808,
            .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        ]
    }

    /// Gives `body` an account ledger with 50 charges in 50 cells, all held, and questions to ask
    /// about copies of it.
    private static func withPage(_ way: Way, _ body: (DamageRig) async throws -> Void) async throws {
        let clock = ManualClock()
        try await CellsTests.withInspector(clock: clock) { ledger, inspector, client in
            let plan = try way.plan(executions: 1_000)
            if way == .setBack {
                clock.advance(byMs: 3_600_000)
                _ = try await ledger.ask(.ask("ahead", 1_000), about: DamageRig.whole, under: plan)
                clock.advance(byMs: -3_600_000)
            }
            for second in 0..<50 {
                _ = try await ledger.ask(.ask("e\(second)", 1_000), about: DamageRig.whole, under: plan)
                clock.advance(byMs: 1_100)
            }
            try await body(try await DamageRig(way, ledger, inspector, client, clock))
        }
    }
}

/// Asks about copies of an account ledger that are damaged, each question about a copy of its own
/// and all in one call.
private final class DamageRig {
    static let whole = Account("whole")!
    private static let neighbour = Account("neighbour")!
    /// The account ledger is in KEYS[1], its copies are the others.
    private static let damaging = """
        local field, at, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
        local before, value = redis.call('HGET', KEYS[1], field), tonumber(ARGV[5])
        local put = ARGV[4] == '' and string.rep('\\0', value) or struct.pack(ARGV[4], value)
        local after = string.sub(before, 1, at) .. put .. string.sub(before, at + count + 1)
        for i = 2, #KEYS do
          redis.call('COPY', KEYS[1], KEYS[i], 'REPLACE')
          redis.call('HSET', KEYS[i], field, after)
        end
        """

    private let ledger: LedgerRig
    private let inspector: AccountInspector
    private let client: RedisClient
    private let clock: ManualClock
    private let plan: Plan
    private let closed: Plan
    private let accounts = (0..<8).map { Account("copy-\($0)")! }
    private let mostReads: Int
    /// The account ledger's fields and their length.
    let fields: [String: Int]
    private var random = SeededGenerator(seed: 4_711)
    private(set) var refused = 0
    private(set) var answered = 0

    init(
        _ way: DamageTests.Way, _ ledger: LedgerRig, _ inspector: AccountInspector, _ client: RedisClient,
        _ clock: ManualClock
    ) async throws {
        (self.ledger, self.inspector, self.client, self.clock) = (ledger, inspector, client, clock)
        plan = try way.plan(executions: 1_000)
        // Nearly everything must leave before one more fits.
        closed = try way.plan(executions: 2)
        mostReads = way.shapes.reduce(0) { $0 + $1.cells / 16 + 2 }
        _ = try await client.call(["PERSIST", inspector.keys.accountLedger(of: Self.whole)])
        let pairs = try await client.call(["HGETALL", inspector.keys.accountLedger(of: Self.whole)]).elements
        var fields: [String: Int] = [:]
        for index in stride(from: 0, to: pairs.count, by: 2) {
            if case .bulk(let value) = pairs[index + 1] {
                fields[try pairs[index].text] = value.readableBytes
            }
        }
        self.fields = fields
    }

    func double(_ at: Int, of field: String) async throws -> Double {
        let reply = try await client.call(["HGET", inspector.keys.accountLedger(of: Self.whole), field])
        guard case .bulk(let value) = reply else { throw RedisError.unexpected("no field \(field)") }
        let bits: UInt64? = value.getInteger(at: value.readerIndex + at, endianness: .little)
        return Double(bitPattern: try #require(bits))
    }

    private var questions: [(Question, Plan)] {
        let settled = ["e0", "e25", "e40", "e49"].map { Question.settle(ExecutionID($0)!, durationMs: 10) }
        let new = Ask(id: ExecutionID("new")!, isNew: true, durationMs: 10, minimumMs: 1)
        return [(.peek, plan), (.admit(new), plan), (.ask("e49", 10), plan), (.ask("other", 10), closed)]
            + settled.map { ($0, plan) }
    }

    /// Asks at every moment, or at one of them by chance.
    func ask(after damage: DamageTests.Damage, everywhere: Bool = Proof.isAsked) async throws {
        let keys = accounts.map(inspector.keys.accountLedger)
        for moment in everywhere ? DamageTests.moments : [random.pick(DamageTests.moments)] {
            clock.now = Scenario.beginning + moment
            let place = "\(damage), at \(moment) ms"
            _ = try await client.call(
                ["EVAL", Self.damaging, "\(keys.count + 1)", inspector.keys.accountLedger(of: Self.whole)]
                    + keys
                    + [damage.field, "\(damage.at)", "\(damage.count)", damage.format, "\(damage.value)"])
            let before = try await digests(keys)
            let readsBefore = try await reads
            let puts = zip(questions, accounts).map { Put($0.0, about: $1, under: $0.1) }
            let neighbour = Put(.ask("n", 1), about: Self.neighbour, under: plan)
            let received = try await ledger.receive(puts + [neighbour])
            let after = try await digests(keys)
            for (index, received) in received.enumerated() {
                if received.isNotApplied, index < keys.count {
                    refused += 1
                    #expect(
                        before[index] == after[index], "\(place): question \(index) was refused and wrote")
                } else {
                    answered += 1
                    try #require(received.answer != nil, "\(place), question \(index): \(received.result)")
                }
            }
            let read = try await reads - readsBefore
            try #require(read <= accounts.count * mostReads, "\(place): \(read) blocks were read")
            await look(place)
        }
    }

    /// As the control plane does.
    private func look(_ place: String) async {
        do {
            for window in try await inspector.cells(of: accounts[0], under: plan, at: clock.now) {
                #expect(window.cells.count <= window.shape.cells + 1, "\(place)")
            }
        } catch { #expect("\(error)".contains("is damaged"), "\(place): \(error)") }
        do { _ = try await inspector.holds(of: accounts[0], maximum: 10) } catch {
            Issue.record("\(place): the holds cannot be looked at: \(error)")
        }
    }

    private func digests(_ keys: [String]) async throws -> [String] {
        try await client.call(["DEBUG", "DIGEST-VALUE"] + keys).elements.map { try $0.text }
    }

    /// How many blocks scripts have read so far.
    private var reads: Int {
        get async throws {
            let text = try await client.call(["INFO", "commandstats"]).text
            let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_hget:") }
            let calls = line?.split(separator: "=").dropFirst().first?.prefix { $0.isNumber }
            return calls.flatMap { Int($0) } ?? 0
        }
    }
}
