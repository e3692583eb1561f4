// `GET /v1/live`: the feed as server-sent events, until the client leaves or this process stops.

import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

enum LiveRoute {
    /// How soon a browser reconnects after the end of the stream: 2 s.
    private static let retry = "retry: 2000\n\n"
    /// The time to send the last event when this process stops.
    private static let timeout: TimeAmount = .seconds(1)

    private static let headers: HTTPFields = [
        .contentType: "text/event-stream", .cacheControl: "no-store",
        // For proxies, which would otherwise buffer events.
        .init("X-Accel-Buffering")!: "no",
    ]

    static func route(_ feed: LiveFeed) -> AdminRoutes.Route {
        AdminRoutes.Route(.get, "/v1/live") { request in
            _ = try request.query()
            guard request.request.method == .get else {
                var response = Response(status: .ok, headers: headers)
                // The length of the stream is unknown.
                response.headers[.contentLength] = nil
                return response
            }
            let channel = request.context.channel
            let subscription = try feed.subscribe { channel.close(promise: nil) }
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: retry))
                    try await withGracefulShutdownHandler {
                        for await event in subscription.events { try await writer.write(event) }
                    } onGracefulShutdown: {
                        subscription.end()
                        channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
                    }
                    try await writer.finish(nil)
                })
        }
    }
}
