// The words that both sides must spell alike: paths, header names, media types, field names.

import Testing
import WireFormat

@Suite("Shared words")
struct PathTests {
    @Test("paths")
    func paths() {
        #expect(RunnerPath.executions(of: "acme:prod@eu") == "/v1/accounts/acme:prod@eu/executions")
        #expect(RunnerPath.settlement(of: "r-1", account: "a") == "/v1/accounts/a/executions/r-1/settle")
        #expect(RunnerPath.limits(of: "a") == "/v1/accounts/a/limits")
    }

    @Test("header names and media types")
    func words() {
        #expect("\(HeaderName.rateLimit) \(HeaderName.rateLimitPolicy)" == "RateLimit RateLimit-Policy")
        #expect("\(HeaderName.retryAfter)" == "Retry-After")
        #expect("\(MediaType.json) \(MediaType.problem)" == "application/json application/problem+json")
    }

    @Test("no two fields share a name, and all fit the set that finds duplicates")
    func fields() {
        #expect(Set(BodyField.allCases.map { "\($0.name)" }).count == BodyField.allCases.count)
        #expect(BodyField.allCases.count <= 64)
    }
}
