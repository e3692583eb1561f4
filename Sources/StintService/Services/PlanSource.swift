// Where a command gets its plans from. `serve` reads them again and again, the others once.

package import Accounting
import ControlStore
import Foundation
import PlanText

/// Where plans come from: a file, or the built-in plan.
package struct PlanSource: Sendable {
    let path: String?

    /// - Parameter path: nil is the built-in plan.
    package init(path: String?) { self.path = path }

    /// - Throws: an error whose description begins with the file's name.
    package func read() throws -> PlanBook { try imported().book }

    /// The same, with what tells this text of the file from others.
    func imported() throws -> PlanImport {
        guard let path else { return PlanImport(file: nil, text: nil, book: try PlanBook.builtIn()) }
        let text = try Self.text(at: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return PlanImport(file: name, text: text, book: try PlanFile.read(text, named: path))
    }

    package static func text(at path: String) throws -> String {
        do {
            return try YAMLFile.text(at: path)
        } catch let error as YAMLError {
            throw error
        } catch {
            throw StartError(description: "\(path): cannot be read: \(error.localizedDescription)")
        }
    }
}
