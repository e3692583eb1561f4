// The variables of the environment. One that is set and empty says nothing: that is how scripts and
// compose files say that there is none.

import Foundation

package enum Environment {
    /// Those of this process that say something.
    package static var variables: [String: String] { ProcessInfo.processInfo.environment.withoutEmpty }
}

extension [String: String] {
    package var withoutEmpty: [String: String] { filter { !$0.value.isEmpty } }
}
