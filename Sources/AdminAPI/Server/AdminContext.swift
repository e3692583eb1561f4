// What is known about one request to the control plane beside the request.

import Hummingbird
import NIOCore

struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The name of the token that came with the request; nil when none was needed.
    var caller: String?
    /// The connection that it came on.
    let channel: any Channel

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
