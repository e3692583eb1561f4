// The context of one request to the control plane: its caller and its connection.

import Hummingbird
import NIOCore

struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The name of the request's token; nil if none was required.
    var caller: String?
    /// The request's connection.
    let channel: any Channel

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
