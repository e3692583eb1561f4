// Where a command gets its plans from. `serve` reads them again on SIGHUP, other commands once.

package import Accounting
import ControlStore
import Foundation
import PlanText

/// Where plans come from: a file, or the built-in plan.
package struct PlanSource: Sendable {
    let path: String?

    /// - Parameter path: a YAML file; nil: the built-in plan.
    package init(path: String?) { self.path = path }

    /// - Throws: an error whose description begins with the file's name.
    package func read() throws -> PlanBook { try imported().book }

    /// The plans with the file's name and text, by which an import recognizes them.
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
