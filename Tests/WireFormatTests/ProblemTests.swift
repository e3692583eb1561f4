// Problems: one table of types, exact bytes, and that a client reads back what was written.

import Testing
import WireFormat

@Suite("Problems")
struct ProblemTests {
    @Test("a denial has the members of the contract, in its order")
    func denial() throws {
        let problem = Problem(
            .quotaExceeded, detail: "10000 ms asked, 0 ms left in the last 60 s",
            violatedPolicies: ["execution-time"], retryAfterMs: 6412,
            limits: LimitsObject(executionsRemaining: 5312, timeRemaining: 0))
        let json =
            #"{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota Exceeded","#
            + #""status":429,"detail":"10000 ms asked, 0 ms left in the last 60 s","#
            + #""violated-policies":["execution-time"],"retryAfterMs":6412,"#
            + #""limits":{"executionsRemaining":5312,"timeRemaining":0}}"#
        #expect(problem.json == Array(json.utf8))
        #expect(try Problem(json: json.utf8) == problem)
    }

    @Test("a denial that never ends has no retryAfterMs")
    func never() {
        let problem = Problem(
            .quotaExceeded, detail: "more than the limit's amount", violatedPolicies: ["executions", "b"])
        let json =
            #"{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota Exceeded","#
            + #""status":429,"detail":"more than the limit's amount","violated-policies":["executions","b"]}"#
        #expect(problem.json == Array(json.utf8))
    }

    @Test(
        "a body's mistake becomes a problem that names the field",
        arguments: [
            (
                #"{"maxDurationMs":"x"}"#,
                #"{"type":"urn:stint:problem:malformed-field","title":"Malformed Field","status":400,"#
                    + #""detail":"maxDurationMs must be an integer from 0 to 2678400000 (ms), found \"x\"","#
                    + #""field":"maxDurationMs"}"#
            ),
            (
                #"{"id""#,
                #"{"type":"urn:stint:problem:malformed-json","title":"Malformed JSON","status":400,"#
                    + #""detail":"expected ':' at byte 5"}"#
            ),
        ])
    func bodyError(body: String, json: String) throws {
        let error = try #require(#expect(throws: BodyError.self) { try AdmitBody(json: body.utf8) })
        #expect(Problem(error).json == Array(json.utf8))
    }

    static let table: [(ProblemType, Int, String)] = [
        (.quotaExceeded, 429, "https://iana.org/assignments/http-problem-types#quota-exceeded"),
        (
            .temporaryReducedCapacity, 503,
            "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
        ),
        (.malformedRequest, 400, "urn:stint:problem:malformed-request"),
        (.malformedJSON, 400, "urn:stint:problem:malformed-json"),
        (.malformedParameter, 400, "urn:stint:problem:malformed-parameter"),
        (.malformedField, 400, "urn:stint:problem:malformed-field"),
        (.malformedAccount, 400, "urn:stint:problem:malformed-account"),
        (.unauthorized, 401, "urn:stint:problem:unauthorized"),
        (.forbidden, 403, "urn:stint:problem:forbidden"),
        (.accountForbidden, 403, "urn:stint:problem:account-forbidden"),
        (.foreignOrigin, 403, "urn:stint:problem:foreign-origin"),
        (.unknownRoute, 404, "urn:stint:problem:unknown-route"),
        (.executionNotHeld, 404, "urn:stint:problem:execution-not-held"),
        (.notFound, 404, "urn:stint:problem:not-found"),
        (.methodNotAllowed, 405, "urn:stint:problem:method-not-allowed"),
        (.requestTimeout, 408, "urn:stint:problem:request-timeout"),
        (.planInUse, 409, "urn:stint:problem:plan-in-use"),
        (.preconditionFailed, 412, "urn:stint:problem:precondition-failed"),
        (.bodyTooLarge, 413, "urn:stint:problem:body-too-large"),
        (.payloadAboveCeiling, 413, "urn:stint:problem:payload-above-ceiling"),
        (.unsupportedMediaType, 415, "urn:stint:problem:unsupported-media-type"),
        (.expectationFailed, 417, "urn:stint:problem:expectation-failed"),
        (.misdirectedRequest, 421, "urn:stint:problem:misdirected-request"),
        (.askAboveCeiling, 422, "urn:stint:problem:ask-above-ceiling"),
        (.unknownKind, 422, "urn:stint:problem:unknown-kind"),
        (.durationMissing, 422, "urn:stint:problem:duration-missing"),
        (.invalidPlan, 422, "urn:stint:problem:invalid-plan"),
        (.headersTooLarge, 431, "urn:stint:problem:headers-too-large"),
        (.internalError, 500, "urn:stint:problem:internal-error"),
        (.needsRedis, 501, "urn:stint:problem:needs-redis"),
        (.versionNotSupported, 505, "urn:stint:problem:version-not-supported"),
    ]

    @Test(
        "every type's URI, status and title", arguments: table)
    func type(_ type: ProblemType, status: Int, uri: String) throws {
        #expect(type.status == status)
        #expect("\(type.uri)" == uri)
        #expect(ProblemType(uri: uri) == type)
        let problem = Problem(type, detail: "d\n", retryAfterMs: 1, field: .violatedPolicies, id: "r1")
        #expect(
            String(decoding: problem.json, as: UTF8.self)
                == #"{"type":"\#(uri)","title":"\#(type.title)","status":\#(status),"detail":"d\n","#
                + #""retryAfterMs":1,"field":"violated-policies","id":"r1"}"#)
        #expect(try Problem(json: problem.json) == problem)
    }

    @Test("the table above has every type, and no two share a URI")
    func complete() {
        #expect(Set(Self.table.map(\.0)) == Set(ProblemType.allCases))
        #expect(Set(Self.table.map(\.2)).count == ProblemType.allCases.count)
    }

    @Test("a problem of another service is not taken for ours")
    func foreign() {
        let error = #expect(throws: BodyError.self) {
            try Problem(json: #"{"type":"about:blank","title":"Not Found","status":404}"#.utf8)
        }
        #expect(error?.description == "type must be a problem type of this service, found about:blank")
        #expect(throws: BodyError.self) { try Problem(json: "{}".utf8) }
    }

    @Test("a field that a newer service names is kept")
    func newerField() throws {
        let json = #"{"type":"urn:stint:problem:malformed-field","field":"newer"}"#
        #expect(try Problem(json: json.utf8).field == "newer")
    }
}
