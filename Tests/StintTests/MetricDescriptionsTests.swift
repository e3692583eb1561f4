// The documented metrics are those of the service.

import Checkout
import Testing

@testable import StintService

@Suite("Descriptions of metrics")
struct MetricDescriptionsTests {
    @Test("docs/OPERATIONS.md shows every metric with its description")
    func documentation() throws {
        let page = try Checkout.text(of: "docs/OPERATIONS.md")
        let table = MetricDescriptions.markdown
        #expect(page.contains("\n\(table)\n"), "put this table there:\n\(table)")
    }
}
