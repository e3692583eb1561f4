// docs/openapi.json is equal to what the admin port serves, so that people can review the document
// and its changes. `make openapi` writes it.

import Checkout
import Foundation
import Testing
import WireFormat

@testable import AdminAPI

@Suite("OpenAPI file")
struct OpenAPIFileTests {
    private static let file = Checkout.root.appending(path: "docs/openapi.json")

    @Test("docs/openapi.json is the document that is served")
    func file() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(OpenAPI.document()), as: UTF8.self) + "\n"
        if ProcessInfo.processInfo.environment["STINT_OPENAPI"] == "write" {
            try Data(text.utf8).write(to: Self.file)
        }
        let kept = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(kept == text, "Type: make openapi")
    }
}
