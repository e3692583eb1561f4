// Every decision as a reply: status line, fields in their order, body. The bytes are the contract.

import Accounting
import Testing

@testable import RunnerAPI

@Suite("Every decision, to the byte")
struct DecisionResponseTests {
    private typealias Client = EmbeddedClient

    private static let policy = #"RateLimit-Policy: "executions";q=6000;w=60"#
    private static let quotaExceeded = """
        {"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota Exceeded","status":429
        """
    private static let reducedCapacity = """
        {"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",\
        "title":"Temporary Reduced Capacity","status":503
        """

    private static func admitted(
        _ id: String, deadline: Int = 1_770_000_010_000, _ executions: Int, _ ms: Int
    ) -> String {
        """
        {"id":"\(id)","grantedMs":10000,"deadline":\(deadline),"memoryBytes":134217728,\
        "limits":{"executionsRemaining":\(executions),"timeRemaining":\(ms)},"suggestedIntervalMs":0}
        """
    }

    @Test("An admission is 201, and 200 when its id is held already")
    func admitted() throws {
        let client = try Client()
        let first = try client.ask(Client.admit(#"{"id":"run-1"}"#))
        #expect(
            first
                == Client.reply(
                    "201 Created", [Self.policy, #"RateLimit: "executions";r=5999;t=60"#],
                    Self.admitted("run-1", 5_999, 590_000)))
        client.clock.advance(ms: 1_500)
        let second = try client.ask(Client.admit(#"{"id":"run-1","maxDurationMs":20}"#))
        #expect(
            second
                == Client.reply(
                    "200 OK", [Self.policy, #"RateLimit: "executions";r=5999;t=59"#],
                    Self.admitted("run-1", 5_999, 590_000)))
    }

    @Test("Without a body everything is the plan's choice, and the id is the service's")
    func noBody() throws {
        let client = try Client()
        let expected = Client.reply(
            "201 Created", [Self.policy, #"RateLimit: "executions";r=5999;t=60"#],
            Self.admitted("BAAAAAAACAAAAAA", 5_999, 590_000))
        #expect(try client.ask(Client.admit("")) == expected)
        let bare = try Client()
        #expect(
            try bare.ask("POST /v1/accounts/acme/executions HTTP/1.1\r\nHost: localhost\r\n\r\n") == expected)
    }

    @Test("A denial is 429 and says when to ask again")
    func denied() throws {
        let client = try Client()
        for _ in 0..<60 { #expect(try client.ask(Client.admit()).hasPrefix("HTTP/1.1 201 ")) }
        client.clock.advance(ms: 53_588)
        #expect(
            try client.ask(Client.admit())
                == Client.reply(
                    "429 Too Many Requests",
                    [
                        "Cache-Control: no-store", "Retry-After: 7", Self.policy,
                        #"RateLimit: "executions";r=5940;t=7"#,
                    ],
                    Self.quotaExceeded + """
                        ,"detail":"10000 ms asked, 0 ms left in the last 60 s","violated-policies":["execution-time"],\
                        "retryAfterMs":6412,"limits":{"executionsRemaining":5940,"timeRemaining":0}}
                        """))
        client.clock.advance(ms: 6_412)
        #expect(try client.ask(Client.admit()).hasPrefix("HTTP/1.1 201 "))
    }

    @Test("A denial by several limits names them all; one that never fits has no Retry-After")
    func neverFits() throws {
        let limits = [
            try Limit(name: "time", meter: .executionTime, amount: 500, windowMs: 1_500, cells: 15),
            try Limit(name: "count", meter: .executions, amount: 1, windowMs: 60_000),
        ]
        let client = try Client(plans: Client.plans(limits: limits))
        let ask = Client.admit(#"{"maxDurationMs":501,"minDurationMs":501}"#)
        #expect(
            try client.ask(ask)
                == Client.reply(
                    "429 Too Many Requests",
                    [
                        "Cache-Control: no-store", #"RateLimit-Policy: "count";q=1;w=60"#,
                        #"RateLimit: "count";r=1"#,
                    ],
                    Self.quotaExceeded + """
                        ,"detail":"501 ms asked, 500 ms left in the last 1500 ms; it never fits",\
                        "violated-policies":["time"],"limits":{"executionsRemaining":1,"timeRemaining":500}}
                        """))
        #expect(try client.ask(Client.admit(#"{"maxDurationMs":500}"#)).hasPrefix("HTTP/1.1 201 "))
        client.clock.advance(ms: 1_000)
        #expect(
            try client.ask(Client.admit(#"{"maxDurationMs":200}"#))
                == Client.reply(
                    "429 Too Many Requests",
                    [
                        "Cache-Control: no-store", "Retry-After: 59", #"RateLimit-Policy: "count";q=1;w=60"#,
                        #"RateLimit: "count";r=0;t=59"#,
                    ],
                    Self.quotaExceeded + """
                        ,"detail":"200 ms asked, 0 ms left in the last 1500 ms; 1 execution asked, 0 left in the last 60 s",\
                        "violated-policies":["time","count"],"retryAfterMs":59000,\
                        "limits":{"executionsRemaining":0,"timeRemaining":0}}
                        """))
    }

    @Test("A settlement is 200; of what is not held it is 404")
    func settled() throws {
        let client = try Client()
        _ = try client.ask(Client.admit(#"{"id":"run-1"}"#))
        let settle = Client.settle("run-1", #"{"durationMs":84,"outcome":"ok","memoryBytes":5}"#)
        #expect(
            try client.ask(settle)
                == Client.reply(
                    "200 OK",
                    """
                    {"id":"run-1","chargedMs":84,"returnedMs":9916,"overrunMs":0,\
                    "limits":{"executionsRemaining":5999,"timeRemaining":599916}}
                    """))
        #expect(
            try client.ask(settle)
                == Client.reply(
                    "404 Not Found",
                    """
                    {"type":"urn:stint:problem:execution-not-held","title":"Execution Not Held","status":404,\
                    "detail":"it was settled before, has expired, or was never admitted; nothing was changed",\
                    "id":"run-1"}
                    """))
    }

    @Test("A peek is 200, and HEAD is the same without its body")
    func peeked() throws {
        let client = try Client()
        _ = try client.ask(Client.admit(#"{"maxDurationMs":250}"#))
        let body = """
            {"account":"acme","plan":"serverless","policies":[\
            {"name":"execution-time","meter":"execution-time","amount":600000,"used":250,"remaining":599750,"windowMs":60000},\
            {"name":"executions","meter":"executions","amount":6000,"used":1,"remaining":5999,"windowMs":60000}],\
            "limits":{"executionsRemaining":5999,"timeRemaining":599750},"suggestedIntervalMs":0}
            """
        #expect(try client.ask(Client.peek) == Client.reply("200 OK", body))
        #expect(
            try client.ask(Client.get("/v1/accounts/acme/limits", method: "HEAD"))
                == Client.reply("200 OK", body, isHead: true))
    }

    @Test("What the ledger cannot answer is 503, with the id that makes repeating safe")
    func unavailable() throws {
        let client = try Client(isScripted: true)
        try client.send(
            Client.admit() + Client.admit(#"{"id":"mine"}"#) + Client.settle("mine", #"{"durationMs":1}"#))
        client.scripted.fail(.notApplied("down"))
        client.scripted.fail(.outcomeUnknown("late"))
        client.scripted.fail(.outcomeUnknown("late"))
        let unknown = "the ledger gave no valid answer; whether the request was applied is unknown (late)"
        #expect(
            try client.received()
                == Client.reply(
                    "503 Service Unavailable", ["Retry-After: 1"],
                    Self.reducedCapacity + """
                        ,"detail":"the ledger cannot answer; nothing was applied (down); repeating with the same id is safe",\
                        "id":"BAAAAAAACAAAAAA"}
                        """)
                + Client.reply(
                    "503 Service Unavailable", ["Retry-After: 1"],
                    Self.reducedCapacity
                        + #","detail":"\#(unknown); repeating with the same id is safe","id":"mine"}"#)
                + Client.reply(
                    "503 Service Unavailable", ["Retry-After: 1"],
                    Self.reducedCapacity + #","detail":"\#(unknown); repeating is safe"}"#))
    }

    @Test(
        "An account that there is no room for is 503 with the reason and the time, even under a plan that admits"
    )
    func noRoom() throws {
        for policy in [UnavailablePolicy.deny, .admit] {
            let client = try Client(isScripted: true, plans: Client.plans(whenUnavailable: policy))
            try client.send(Client.admit(#"{"id":"mine"}"#))
            client.scripted.fail(.noRoom("the account is new", retryAfterMs: 1_001))
            #expect(
                try client.received()
                    == Client.reply(
                        "503 Service Unavailable", ["Retry-After: 2"],
                        Self.reducedCapacity
                            + #","detail":"the account is new; repeating with the same id is safe","id":"mine"}"#
                    ))
        }
    }

    @Test("With a plan that admits a share then, it is 201, 429 and 200, and says by how much it may be over")
    func share() throws {
        let limits = [try Limit(name: "executions", meter: .executions, amount: 10, windowMs: 60_000)]
        let client = try Client(
            isScripted: true,
            plans: Client.plans(whenUnavailable: .admitShare(percent: 10), limits: limits))
        let overUse = #""degraded":true,"overUse":{"executions":1,"executionTimeMs":null}}"#
        let left = #""limits":{"executionsRemaining":0,"timeRemaining":null}"#
        let window = #"RateLimit-Policy: "executions";q=1;w=60"#
        try client.send(Client.admit(#"{"id":"a","maxDurationMs":70}"#))
        client.scripted.fail(.notApplied("down"))
        let deadline = client.clock.now.ms + 70
        #expect(
            try client.received()
                == Client.reply(
                    "201 Created", [window, #"RateLimit: "executions";r=0;t=60"#],
                    #"{"id":"a","grantedMs":70,"deadline":\#(deadline),"memoryBytes":134217728,\#(left),"#
                        + #""suggestedIntervalMs":60000,\#(overUse)"#))
        try client.send(Client.admit(#"{"id":"b","maxDurationMs":70}"#))
        client.scripted.fail(.outcomeUnknown("late"))
        let denied = try client.received()
        #expect(denied.hasPrefix("HTTP/1.1 429 "))
        #expect(denied.contains("this process's share is used"), "\(denied)")
        #expect(denied.hasSuffix(#""retryAfterMs":60000,\#(left),\#(overUse)"#), "\(denied)")
        // Not asked of the ledger, which does not know it.
        let settled = try client.ask(Client.settle("a", #"{"durationMs":5}"#))
        #expect(settled.hasPrefix("HTTP/1.1 200 "))
        #expect(
            settled.contains(#""chargedMs":5,"returnedMs":65,"#) && settled.hasSuffix(overUse), "\(settled)")
    }

    @Test("With a plan that admits then, it is 201 and says that it is degraded")
    func degraded() throws {
        let client = try Client(isScripted: true, plans: Client.plans(whenUnavailable: .admit))
        try client.send(Client.admit(#"{"id":"a","maxDurationMs":70}"#) + Client.peek)
        client.scripted.fail(.notApplied("down"))
        client.scripted.fail(.notApplied("down"))
        #expect(
            try client.received()
                == Client.reply(
                    "201 Created", #"{"id":"a","grantedMs":70,"memoryBytes":134217728,"degraded":true}"#)
                + Client.reply(
                    "503 Service Unavailable", ["Retry-After: 1"],
                    Self.reducedCapacity
                        + #","detail":"the ledger cannot answer; nothing was applied (down); repeating is safe"}"#
                ))
    }

    struct RefusalRow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: String
        let status: String
        let problem: String
    }

    @Test(
        "What the plan rules out is refused, and the ledger is not asked",
        arguments: [
            RefusalRow(
                testDescription: "unknown kind", body: #"{"kind":"train"}"#,
                status: "422 Unprocessable Content",
                problem: """
                    {"type":"urn:stint:problem:unknown-kind","title":"Unknown Kind","status":422,\
                    "detail":"unknown kind 'train'; the plan has: free, function","field":"kind"}
                    """),
            RefusalRow(
                testDescription: "too long", body: #"{"maxDurationMs":10001}"#,
                status: "422 Unprocessable Content",
                problem: """
                    {"type":"urn:stint:problem:ask-above-ceiling","title":"Ask Above Ceiling","status":422,\
                    "detail":"10001 ms asked, the kind 'function' allows at most 10000 ms","field":"maxDurationMs"}
                    """),
            RefusalRow(
                testDescription: "no duration", body: #"{"kind":"free"}"#,
                status: "422 Unprocessable Content",
                problem: """
                    {"type":"urn:stint:problem:duration-missing","title":"Duration Missing","status":422,\
                    "detail":"missing maxDurationMs: the plan has no duration ceiling for the kind 'free'","field":"maxDurationMs"}
                    """),
            RefusalRow(
                testDescription: "too much payload", body: #"{"payloadBytes":7}"#,
                status: "413 Content Too Large",
                problem: """
                    {"type":"urn:stint:problem:payload-above-ceiling","title":"Payload Above Ceiling","status":413,\
                    "detail":"7 bytes of payload, the kind 'function' allows at most 6 bytes","field":"payloadBytes"}
                    """),
            RefusalRow(
                testDescription: "minimum above the ceiling", body: #"{"minDurationMs":10001}"#,
                status: "400 Bad Request",
                problem: """
                    {"type":"urn:stint:problem:malformed-field","title":"Malformed Field","status":400,\
                    "detail":"minDurationMs must be at most 10000 (ms), found 10001","field":"minDurationMs"}
                    """),
        ])
    func refused(_ row: RefusalRow) throws {
        let kinds = ["function": try Ceiling(maxDurationMs: 10_000, payloadBytes: 6), "free": .none]
        let client = try Client(isScripted: true, plans: Client.plans(kinds: kinds))
        #expect(try client.ask(Client.admit(row.body)) == Client.reply(row.status, row.problem))
        #expect(client.scripted.waiting.isEmpty)
    }
}

extension EmbeddedClient {
    static func reply(_ status: String, _ body: String, isHead: Bool = false) -> String {
        reply(status, [], body, isHead: isHead)
    }
}
