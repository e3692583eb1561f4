// Where a command gets its plans from. `serve` reads them again and again, the others once.

import Accounting
import Foundation

/// Where plans come from: a file, or the built-in plan.
struct PlanSource: Sendable {
    let path: String?

    /// - Throws: an error whose description begins with the file's name.
    func read() throws -> PlanBook {
        guard let path else { return try PlanBook.builtIn() }
        let text: String
        do {
            text = try YAMLFile.text(at: path)
        } catch let error as YAMLError {
            throw error
        } catch {
            throw StartError(description: "\(path): cannot be read: \(error.localizedDescription)")
        }
        return try PlanFile.read(text, named: path)
    }
}
