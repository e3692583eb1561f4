// The variables of the environment. An empty variable counts as unset, because scripts and compose
// files cannot always unset one.

import Foundation

package enum Environment {
    /// The variables of this process that are not empty.
    package static var variables: [String: String] { ProcessInfo.processInfo.environment.withoutEmpty }
}

extension [String: String] {
    package var withoutEmpty: [String: String] { filter { !$0.value.isEmpty } }
}
