// The reply bodies: exact bytes, and that a client reads what the service writes and rejects what
// the service never writes.

import Accounting
import Testing
import WireFormat

@Suite("Reply bodies")
struct ReplyBodyTests {
    static let limits = LimitsObject(executionsRemaining: 5999, timeRemaining: 590_000)
    static let limitsJSON = #"{"executionsRemaining":5999,"timeRemaining":590000}"#

    @Test(
        "an admission's answer",
        arguments: [
            (
                AdmittedBody(
                    id: "r1", grantedMs: 10_000, deadline: 1_770_000_010_000, memoryBytes: 134_217_728,
                    limits: limits, suggestedIntervalMs: 250),
                #"{"id":"r1","grantedMs":10000,"deadline":1770000010000,"memoryBytes":134217728,"#
                    + #""limits":\#(limitsJSON),"suggestedIntervalMs":250}"#
            ),
            (
                AdmittedBody(id: "r1", grantedMs: 0, deadline: 0, limits: LimitsObject()),
                #"{"id":"r1","grantedMs":0,"deadline":0,"#
                    + #""limits":{"executionsRemaining":null,"timeRemaining":null}}"#
            ),
            (
                AdmittedBody(id: "r1", grantedMs: 20_000, deadline: nil, memoryBytes: 5, degraded: true),
                #"{"id":"r1","grantedMs":20000,"memoryBytes":5,"degraded":true}"#
            ),
            (
                AdmittedBody(
                    id: "r1", grantedMs: 5, deadline: 6, limits: limits, suggestedIntervalMs: 0,
                    degraded: true,
                    overUse: OverUseObject(executions: 600)),
                #"{"id":"r1","grantedMs":5,"deadline":6,"limits":\#(limitsJSON),"suggestedIntervalMs":0,"#
                    + #""degraded":true,"overUse":{"executions":600,"executionTimeMs":null}}"#
            ),
        ])
    func admitted(body: AdmittedBody, json: String) throws {
        #expect(body.json == Array(json.utf8))
        #expect(try AdmittedBody(json: json.utf8) == body)
    }

    @Test("a settlement's answer")
    func settled() throws {
        let body = SettledBody(id: "r1", chargedMs: 84, returnedMs: 9916, overrunMs: 0, limits: Self.limits)
        let json = #"{"id":"r1","chargedMs":84,"returnedMs":9916,"overrunMs":0,"limits":\#(Self.limitsJSON)}"#
        #expect(body.json == Array(json.utf8))
        #expect(try SettledBody(json: json.utf8) == body)
    }

    @Test("a settlement's answer, and a denial, without the ledger")
    func degraded() throws {
        let overUse = OverUseObject(executions: 600, executionTimeMs: 60_000)
        let tail = #""degraded":true,"overUse":{"executions":600,"executionTimeMs":60000}}"#
        let body = SettledBody(
            id: "r1", chargedMs: 1, returnedMs: 2, overrunMs: 0, limits: Self.limits, overUse: overUse)
        let json =
            #"{"id":"r1","chargedMs":1,"returnedMs":2,"overrunMs":0,"limits":\#(Self.limitsJSON),\#(tail)"#
        #expect(body.json == Array(json.utf8))
        #expect(try SettledBody(json: json.utf8) == body)
        let problem = Problem(.quotaExceeded, detail: "d", limits: Self.limits, overUse: overUse)
        let denial = String(decoding: problem.json, as: UTF8.self)
        #expect(denial.hasSuffix(#""limits":\#(Self.limitsJSON),\#(tail)"#), "\(denial)")
        #expect(try Problem(json: denial.utf8) == problem)
    }

    @Test("a peek's answer")
    func standing() throws {
        let body = StandingBody(
            account: "acme:prod", plan: "serverless",
            policies: [
                PolicyStanding(
                    name: "execution-time", meter: .executionTime, amount: 600_000, used: 10_000,
                    remaining: 590_000, windowMs: 60_000),
                PolicyStanding(
                    name: "executions", meter: .executions, amount: 6000, used: 1, remaining: 5999,
                    windowMs: 60_000),
            ], limits: Self.limits, suggestedIntervalMs: 0)
        let json =
            #"{"account":"acme:prod","plan":"serverless","policies":["#
            + #"{"name":"execution-time","meter":"execution-time","amount":600000,"used":10000,"#
            + #""remaining":590000,"windowMs":60000},"#
            + #"{"name":"executions","meter":"executions","amount":6000,"used":1,"remaining":5999,"#
            + #""windowMs":60000}],"limits":\#(Self.limitsJSON),"suggestedIntervalMs":0}"#
        #expect(body.json == Array(json.utf8))
        #expect(try StandingBody(json: json.utf8) == body)
    }

    @Test("limits that are absent are as good as null")
    func absentLimits() throws {
        #expect(try LimitsObject(json: [UInt8]()) == LimitsObject())
        #expect(try LimitsObject(json: #"{"timeRemaining":null}"#.utf8) == LimitsObject())
    }

    @Test(
        "an answer without a required field is refused",
        arguments: [
            ("id", #"{"grantedMs":1,"deadline":1}"#), ("grantedMs", #"{"id":"a","deadline":1}"#),
            ("deadline", #"{"id":"a","grantedMs":1,"deadline":null}"#),
            ("deadline", #"{"id":"a","grantedMs":1,"degraded":false}"#),
        ])
    func missing(field: String, json: String) throws {
        let error = #expect(throws: BodyError.self) { try AdmittedBody(json: json.utf8) }
        guard case .malformedField(let found, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect("\(found.name)" == field)
    }

    @Test(
        "an answer that this service never gives is refused",
        arguments: [
            (
                #"{"account":"a","plan":"p","policies":null,"limits":null}"#,
                "limits must be an object, found null"
            ),
            (#"{"account":"a","plan":"p","limits":{}}"#, "policies must be an array, found nothing"),
            (
                #"{"account":"a/b"}"#,
                #"account must be 1 to 128 bytes of A-Z a-z 0-9 . _ : @ -, found "a/b""#
            ),
            (#"{"policies":[null]}"#, "policies must be an array without nulls, found null"),
            (#"{"policies":[1]}"#, "policies must be an array, found 1"),
            (
                #"{"policies":[{"meter":"ms"}]}"#,
                #"meter must be one of executions, execution-time, found "ms""#
            ),
            (
                #"{"policies":[{"windowMs":999}]}"#,
                "windowMs must be an integer from 1000 to 2678400000 (ms), found 999"
            ),
            (#"{"limits":[]}"#, "limits must be an object, found an array"),
            (
                #"{"limits":{"timeRemaining":-1}}"#,
                "timeRemaining must be an integer from 0 to 9007199254740991 (ms), found -1"
            ),
        ])
    func standingMistake(json: String, message: String) {
        let error = #expect(throws: BodyError.self) { try StandingBody(json: json.utf8) }
        #expect(error?.description == message)
    }
}
