// How many file descriptors this process may have, and how many it has.

import Foundation
import Glibc

package enum DescriptorLimit {
    /// Raises the soft limit to the hard one. Children inherit it.
    /// - Returns: the new limit.
    @discardableResult
    package static func raise() -> Int {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return Int(sysconf(Int32(_SC_OPEN_MAX))) }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(kind, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// The number of open descriptors.
    static func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count }
}
