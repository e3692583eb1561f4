// The batches of a trace are the trace, and rows that a service would reject are found before they
// are sent.

import Testing
import Traces

@testable import LoadGeneration

@Suite("Batches of a trace")
struct TraceBatchesTests {
    private static func batches(_ rows: String, copies: Int = 1, rowsTogether: Int = 4_096) throws
        -> TraceBatches
    {
        let text = "offset_ms,account,function,duration_ms\n" + rows
        return TraceBatches(try TraceReader(Array(text.utf8)), copies: copies, rowsTogether: rowsTogether)
    }

    @Test(
        "All rows come in order, and each name once, however large the batches are",
        arguments: [1, 2, 3, 4, 100])
    func pieces(rowsTogether: Int) throws {
        var batches = try Self.batches("0,a,f,1\n1,b,f,\n2,a,f,3\n4,c,f,0\n", rowsTogether: rowsTogether)
        var rows: [TraceBatches.Row] = []
        var names: [String] = []
        while true {
            let batch = batches.next()
            #expect(batch.problem == nil)
            rows += batch.rows
            names += batch.newAccounts
            #expect(rows.allSatisfy { $0.account < names.count })
            if batch.isLast { break }
            #expect(batch.rows.count == rowsTogether)
        }
        #expect(
            rows == [
                .init(offsetMs: 0, account: 0, durationMs: 1),
                .init(offsetMs: 1, account: 1, durationMs: nil),
                .init(offsetMs: 2, account: 0, durationMs: 3), .init(offsetMs: 4, account: 2, durationMs: 0),
            ])
        #expect(names == ["a", "b", "c"])
    }

    @Test("Durations beyond 31 days are taken as 31 days, and counted")
    func cut() throws {
        var batches = try Self.batches("0,a,f,2678400000\n0,a,f,2678400001\n0,a,f,4398046511104\n")
        let batch = batches.next()
        #expect(batch.rows.map(\.durationMs) == [2_678_400_000, 2_678_400_000, 2_678_400_000])
        #expect(batch.rowsCut == 2)
    }

    @Test("Accounts with all their copies are at most as many as a trace may have")
    func copies() throws {
        var batches = try Self.batches((0...500).map { "0,a\($0),f,1\n" }.joined(), copies: 10_000)
        let batch = batches.next()
        #expect(batch.rows.count == 500)
        #expect(batch.isLast)
        let words = "line 502: 501 accounts with 10000 copies each are more than 5000000; make fewer copies"
        #expect(batch.problem?.description == words)
    }

    @Test(
        "Names that the service would refuse are found at their first row",
        arguments: ["a b", "ä", "a/b", "a\u{1}"])
    func names(name: String) throws {
        var batches = try Self.batches("0,a,f,1\n3,\(name),f,1\n")
        let batch = batches.next()
        #expect(batch.rows.count == 1)
        #expect(batch.problem?.line == 3)
        #expect(batch.problem?.reason.contains("1 to 128 bytes of A-Z") == true)
    }
}
