// The OpenAPI document is complete: every route, every problem, and no reference without a target.
// `scripts/conformance.sh` tests that the service follows it.

import Accounting
import Foundation
import HTTPTypes
import Logging
import Prometheus
import Testing
import WireFormat

@testable import AdminAPI

@Suite("OpenAPI document")
struct OpenAPITests {
    @Test("It has every route of the admin API with its scope, and no other")
    func routes() throws {
        let book = try PlanBook.builtIn()
        let controlPlane = ControlPlane(
            metrics: PrometheusMetrics(logger: Logger.quiet), readiness: { .ready },
            clock: { Timestamp(ms: 1_800_000_000_000) }, planBook: { book })
        let served = AdminRoutes.table(controlPlane).map { route in
            let path = route.path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : $0 }
            return "\(route.method) /\(path.joined(separator: "/")) \(route.scope)"
        }
        let described = Operation.all.filter { $0.api == .admin }.map {
            "\($0.method) \($0.path) \($0.scope)"
        }
        #expect(served.sorted() == described.sorted())
    }

    @Test("It has the paths of the runner API")
    func runnerPaths() {
        let paths = Set(Operation.all.filter { $0.api == .runner }.map(\.path))
        #expect(
            paths == [
                RunnerPath.executions(of: "{account}"),
                RunnerPath.settlement(of: "{id}", account: "{account}"),
                RunnerPath.limits(of: "{account}"),
            ])
    }

    @Test("Every problem type is one of some operation, but those that belong to no operation")
    func problems() {
        let described = Set(Operation.all.flatMap(\.allProblems))
        let undescribed = Set(ProblemType.allCases).subtracting(described)
        #expect(undescribed.isSubset(of: [.methodNotAllowed]))
    }

    @Test("Every operation has an id and a summary of its own, and describes the segments of its path")
    func distinct() {
        #expect(Set(Operation.all.map { "\($0.method) \($0.path)" }).count == Operation.all.count)
        #expect(Set(Operation.all.map(\.summary)).count == Operation.all.count)
        for operation in Operation.all {
            for segment in operation.path.split(separator: "/") where segment.hasPrefix("{") {
                let name = String(segment.dropFirst().dropLast())
                #expect(Operation.segments[name] != nil, "\(operation.path): \(name)")
            }
        }
    }

    @Test("Every reference leads somewhere, and every schema is referred to")
    func references() {
        var names: Set<String> = []
        func collect(_ value: JSONValue) {
            switch value {
            case .object(let members):
                if case .string(let reference)? = members["$ref"] {
                    names.insert(String(reference.dropFirst("#/components/schemas/".count)))
                }
                members.values.forEach(collect)
            case .array(let elements): elements.forEach(collect)
            default: break
            }
        }
        collect(OpenAPI.document())
        #expect(names == Set(Schema.all.keys))
    }
}
