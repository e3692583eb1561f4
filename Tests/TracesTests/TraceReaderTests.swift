// The reader of traces: what it accepts, what it refuses and where, in any pieces of bytes.

import Recordings
import SeededChance
import Testing

@testable import Traces

@Suite("The trace reader")
struct TraceReaderTests {
    /// A row as text.
    struct Read: Equatable {
        var offsetMs: Int
        var account: String
        var function: String
        var durationMs: Int?
        var line: String
    }

    static let three = [
        Read(offsetMs: 0, account: "a", function: "f", durationMs: 10, line: "0,a,f,10"),
        Read(offsetMs: 7, account: "b", function: "", durationMs: nil, line: "7,b,,"),
        Read(offsetMs: 7, account: "a", function: "g", durationMs: 0, line: "7,a,g,0"),
    ]

    /// All rows, from a source that gives `piece` bytes at a time.
    static func read(_ bytes: [UInt8], piece: Int = .max, mostAccounts: Int = 100) throws(TraceError)
        -> [Read]
    {
        var rest = bytes[...]
        var reader = try TraceReader(
            { (buffer: inout [UInt8]) throws(TraceError) -> Bool in
                buffer += rest.prefix(piece)
                defer { rest = rest.dropFirst(piece) }
                return !rest.isEmpty
            }, mostAccounts: mostAccounts)
        var rows: [Read] = []
        while let row = try reader.next() {
            func text(_ range: Range<Int>) -> String { String(decoding: reader.bytes[range], as: UTF8.self) }
            rows.append(
                Read(
                    offsetMs: row.offsetMs, account: reader.accounts[row.account],
                    function: text(row.functionBytes), durationMs: row.durationMs, line: text(row.lineBytes)))
        }
        return rows
    }

    @Test(
        "Rows are read whatever the ends of lines, and however small the pieces that come in",
        arguments: [
            Trace.head + "0,a,f,10\n7,b,,\n7,a,g,0\n",
            Trace.head + "0,a,f,10\n7,b,,\n7,a,g,0",
            (Trace.head + "0,a,f,10\n7,b,,\n7,a,g,0\n").split(separator: "\n").joined(separator: "\r\n")
                + "\r\n",
            "\u{FEFF}" + Trace.head + "\n0,a,f,10\n\r\n7,b,,\n\n\n7,a,g,0\n\n",
        ], [1, 2, 3, 7, 64, Int.max])
    func reads(_ text: String, piece: Int) throws {
        #expect(try Self.read(Array(text.utf8), piece: piece) == Self.three)
    }

    @Test("Columns are found by their names, and others are carried along")
    func finds() throws {
        let text = "zone,duration_ms,account,note,function,offset_ms\neu,5,a,\"x\",f,3\n,,b,,,3\n"
        #expect(
            try Self.read(Array(text.utf8)) == [
                Read(offsetMs: 3, account: "a", function: "f", durationMs: 5, line: "eu,5,a,\"x\",f,3"),
                Read(offsetMs: 3, account: "b", function: "", durationMs: nil, line: ",,b,,,3"),
            ])
    }

    @Test(
        "A column's name may have commas, quotes and line breaks within its quotes",
        arguments: [1, 3, Int.max])
    func quotedNames(piece: Int) throws {
        let header = "\u{FEFF}\"first\r\nnote, \"\"x\"\"\n\",offset_ms,\"account\",function,duration_ms\r\n"
        let rows = try Self.read(Array((header + "n,0,a,f,10\r\n").utf8), piece: piece)
        #expect(
            rows == [Read(offsetMs: 0, account: "a", function: "f", durationMs: 10, line: "n,0,a,f,10")])
        let error = #expect(throws: TraceError.self) {
            try Self.read(Array((header + "n,0,,f,10\r\n").utf8), piece: piece)
        }
        #expect(error?.description == "line 4: account is empty")
    }

    @Test("Names are used as they are: any bytes, and two that only look alike are two")
    func keepsNames() throws {
        let names = ["é", "e\u{301}", "", " a ", "A", "a", "\u{1F4A9}", String(repeating: "n", count: 5_000)]
        let text = names.map { "0,x\($0),f,\n" }.joined()
        let bytes = Array((Trace.head + text).utf8) + Array("0,".utf8) + [0xFF, 0xFE] + Array(",f,\n".utf8)
        var reader = try TraceReader(bytes)
        var numbers: [Int] = []
        while let row = try reader.next() { numbers.append(row.account) }
        #expect(numbers == Array(0...names.count))
        #expect(names.indices.allSatisfy { reader.accounts[$0].utf8.elementsEqual("x\(names[$0])".utf8) })
        #expect(reader.accounts[names.count] == "\u{FFFD}\u{FFFD}")
    }

    @Test("A trace without rows has none")
    func isEmpty() throws {
        #expect(try Self.read(Array(Trace.head.utf8)) == [])
        #expect(try Self.read(Array(Trace.head.utf8.dropLast())) == [])
    }

    static let most = "\(TraceReader.offsetsMs.upperBound)"
    static let damaged = [
        ("", "the trace is empty"),
        (
            "\n",
            "line 1: the column offset_ms is missing; the header must name offset_ms, account, function and duration_ms"
        ),
        (
            "offset_ms,account,duration_ms\n0,a,1\n",
            "line 1: the column function is missing; the header must name offset_ms, account, function and duration_ms"
        ),
        (
            "offset_ms,account,function,duration_ms,account\n",
            "line 1: duplicate column account; rename one"
        ),
        (String(repeating: ",", count: 1_000), "line 1: has more than 1000 columns, so it is not a trace"),
        (
            String(repeating: "x", count: 65_537), "line 1: has more than 65536 bytes, so it is not a trace"
        ),
        (Trace.head + "0,a,f\n", "line 2: has 3 columns, and the header has 4"),
        (Trace.head + "0,a,f,1\n\n0,a,f,1,2\n", "line 4: has 5 columns, and the header has 4"),
        (Trace.head + "0,a,f,1\n0,a,", "line 3: has 3 columns, and the header has 4"),
        (Trace.head + ",a,f,1\n", "line 2: offset_ms is empty"),
        (Trace.head + "0,,f,1\n", "line 2: account is empty"),
        (Trace.head + "0,\"a,f,1\n", "line 2: a quote is not closed"),
        ("\"offset_ms,account\n", "line 1: a quote is not closed"),
        (
            "\"" + String(repeating: "x\n", count: 40_000),
            "line 1: has more than 65536 bytes, so it is not a trace"
        ),
        (
            Trace.head + "0,\"a\"b,f,1\n",
            "line 2: column 2 has text after its closing quote; a quote within quotes must be doubled"
        ),
        (Trace.head + "0,\"a\nb\",f,1\n", "line 2: account has a line break within its quotes; rename it"),
        (
            Trace.head + "0,a,\"f\n\n\",1\n9,b,f,x\n",
            "line 5: duration_ms must be a whole number of ms from 0 to \(most)"
        ),
        (Trace.head + "0,\"\",f,1\n", "line 2: account is empty"),
        (Trace.head + "NA,a,f,1\n", "line 2: offset_ms must be a whole number of ms from 0 to \(most)"),
        (
            "offset_ms;account;function;duration_ms\n0;a;f;1\n",
            "line 1: the column offset_ms is missing; the header must name offset_ms, account, function and duration_ms; "
                + "this one is not separated by commas: save it as CSV with commas"
        ),
        (Trace.head + "9,a,f,1\n8,a,f,1\n", "line 3: offset_ms 8 comes after 9; sort the rows by offset_ms"),
        (Trace.head + "-1,a,f,1\n", "line 2: offset_ms must be a whole number of ms from 0 to \(most)"),
        (Trace.head + "0,a,f,1.5\n", "line 2: duration_ms must be a whole number of ms from 0 to \(most)"),
        (Trace.head + "0,a,f, 1\n", "line 2: duration_ms must be a whole number of ms from 0 to \(most)"),
        (
            Trace.head + "4398046511105,a,f,1\n",
            "line 2: offset_ms must be a whole number of ms from 0 to \(most)"
        ),
        (
            Trace.head + "0,a,f,99999999999999999999999999\n",
            "line 2: duration_ms must be a whole number of ms from 0 to \(most)"
        ),
        (
            Trace.head + "0,a,f,1\n0,a,\(String(repeating: "f", count: 65_536)),\n",
            "line 3: has more than 65536 bytes, so it is not a trace"
        ),
        (
            Trace.head + "0,a,f,1\n0,b,f,1\n0,c,f,1\n0,d,f,1\n",
            "line 5: has one more than 3 accounts; split the trace"
        ),
    ]

    @Test("What is damaged is refused with its line and the reason", arguments: damaged, [1_000, Int.max])
    func refuses(_ example: (text: String, words: String), piece: Int) {
        let error = #expect(throws: TraceError.self) {
            try Self.read(Array(example.text.utf8), piece: piece, mostAccounts: 3)
        }
        #expect(error?.description == example.words)
    }

    private static func commas(outsideOfQuotes line: String) -> Int {
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        // A quote in the middle of a field is a byte like others.
        let isPlain = !line.contains(/(^|,)"/)
        let outside =
            isPlain ? parts : parts.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        return outside.joined().utf8.count { $0 == UInt8(ascii: ",") }
    }

    /// The same three rows as spreadsheets and statistics programs write them.
    static let dialects = [
        // R's write.csv, with the names of rows and with numbers that it keeps as fractions.
        #"""
        "","offset_ms","account","function","duration_ms"
        "1",0,"acme",NA,840
        "2",1e+05,"b,c","say ""hi""",NA
        "3",100000,"d ""e""","two
        lines",1.5e+03

        """#,
        // pandas' to_csv, where a column has a gap.
        #"""
        ,offset_ms,account,function,duration_ms
        0,0.0,acme,NA,840.0
        1,100000.0,"b,c","say ""hi""",
        2,100000.0,"d ""e""","two
        lines",1500.0

        """#,
        // Excel's "CSV UTF-8": a mark, CRLF, quotes where they are needed; and the columns in
        // another order.
        "\u{FEFF}account,duration_ms,offset_ms,function\r\nacme,840,0,NA\r\n\"b,c\",,100000,\"say \"\"hi\"\"\"\r\n"
            + "\"d \"\"e\"\"\",1500,100000,\"two\nlines\"\r\n",
        // Python's csv.QUOTE_ALL.
        "\"offset_ms\",\"account\",\"function\",\"duration_ms\"\r\n\"0\",\"acme\",\"NA\",\"840\"\r\n\"100000\",\"b,c\",\"say \"\"hi\"\"\",\"\"\r\n"
            + "\"100000\",\"d \"\"e\"\"\",\"two\nlines\",\"1500\"\r\n",
    ]

    @Test("R, pandas, Excel and Python write the same rows", arguments: dialects, [1, 3, 64, Int.max])
    func readsDialects(_ text: String, piece: Int) throws {
        let rows = try Self.read(Array(text.utf8), piece: piece)
        #expect(rows.map(\.offsetMs) == [0, 100_000, 100_000])
        #expect(rows.map(\.account) == ["acme", "b,c", #"d "e""#])
        #expect(rows.map(\.durationMs) == [840, nil, 1_500])
        #expect(rows.map(\.function) == ["NA", #"say ""hi"""#, "two\nlines"])
    }

    @Test(
        "A whole number may be written as a fraction or with an exponent; what is not whole is refused",
        arguments: [
            ("840", 840), ("840.0", 840), ("0840.000", 840), ("8.4e2", 840), ("8.4E+02", 840),
            ("84000e-2", 840),
            ("0.0", 0), ("0e99", 0), ("1e+05", 100_000), ("4398046511104.0", 4_398_046_511_104),
            ("4.398046511104e12", 4_398_046_511_104), ("840.000000000000000000000000", 840),
            ("4398046511105.0", nil), ("1e13", nil), ("1e999", nil), ("1e9999", nil), ("840.5", nil),
            ("84e-2", nil), ("-1", nil),
            ("+1", nil), (".5", nil), ("5.", nil), ("e5", nil), ("5e", nil), ("5e+", nil), ("1.2.3", nil),
            ("0x10", nil),
            ("NaN", nil), (" 1", nil), ("1 ", nil), ("999999999999999999999", nil),
        ] as [(String, Int?)])
    func numbers(_ example: (text: String, value: Int?)) {
        #expect(
            TraceNumber.value(of: Array(example.text.utf8)[...], in: TraceReader.offsetsMs) == example.value)
    }

    @Test("The largest numbers are read")
    func readsLargest() throws {
        let rows = try Self.read(Array((Trace.head + "\(Self.most),a,f,\(Self.most)\n").utf8))
        #expect(rows.map(\.offsetMs) == [4_398_046_511_104] && rows[0].durationMs == 4_398_046_511_104)
    }

    @Test("Whatever becomes of the bytes, rows are in order and complete, or the trace is refused")
    func survives() throws {
        let good = Array((Trace.head + "0,a,f,10\n7,b,,\n7,a,g,0\n12,c,f,3000\n12,a,f,1\r\n").utf8)
        var random = SeededGenerator(seed: 1)
        var refused = 0
        let turns = Proof.isAsked ? 200_000 : 4_000
        for turn in 0..<turns {
            var bytes = good
            for _ in 0..<random.number(in: 1...3) {
                let place = random.number(in: Trace.head.utf8.count...bytes.count)
                switch random.number(in: 0...3) {
                case 0: bytes.removeSubrange(place...)
                case 1: bytes.insert(UInt8(random.number(in: 0...255)), at: place)
                case 2 where place < bytes.count: bytes[place] = UInt8(random.number(in: 0...255))
                default:
                    bytes.insert(contentsOf: random.pick(["\n", ",", "\r", "-", "\"", "9"]).utf8, at: place)
                }
            }
            do throws(TraceError) {
                let rows = try Self.read(bytes, piece: random.number(in: 1...40))
                #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.offsetMs <= $1.offsetMs }, "turn \(turn)")
                #expect(rows.allSatisfy { Self.commas(outsideOfQuotes: $0.line) == 3 }, "turn \(turn)")
            } catch {
                #expect((2...9).contains(error.line ?? 0), "turn \(turn): \(error)")
                refused += 1
            }
        }
        #expect(refused > turns / 10 && refused < turns)
    }
}
