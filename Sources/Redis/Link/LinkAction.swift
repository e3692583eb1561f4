// What `LinkState` decides, for `RedisLink` to do.

import NIOCore

/// The number of an attempt to connect, and of the connection that comes of it.
struct Attempt: Equatable, Sendable {
    let number: Int
}

/// One thing that a link has to do. Several are done in their order.
enum LinkAction<Sink> {
    /// Open a socket, and say what comes of it: ``LinkState/connected(_:)`` or
    /// ``LinkState/ended(_:because:)``.
    case dial(Attempt)
    /// Write the commands that open a connection.
    case greet(Greeting)
    /// Call ``LinkState/connectTimerFired()`` after this time. There is one such timer.
    case setConnectTimer(Duration)
    case cancelConnectTimer
    /// Call ``LinkState/checkReplies(at:)`` then. There is one such timer.
    case setReplyTimer(NIODeadline)
    case cancelReplyTimer
    /// Close the socket, if there is one. What was not handed to it will not be.
    case closeSocket
    case countConnection
    case countDisconnection
    /// Say at warning what is wrong.
    case warn(String)
    /// Say that it is over.
    case noteRecovery
    /// Tell whoever made the link that it takes commands.
    case announceReady
    case fail(Sink, RedisFailure)
}

extension LinkAction: Equatable where Sink: Equatable {}

/// What becomes of a command that is to be sent.
enum Placement: Equatable {
    /// It waits for its reply, once it is written.
    /// - Parameter replyTimer: when to call ``LinkState/checkReplies(at:)``; nil: that is set.
    case queued(replyTimer: NIODeadline?)
    case refused(RedisFailure)
}

/// What becomes of a reply: `actions` are done, then `sink` gets it.
struct ReplyOutcome<Sink> {
    var actions: [LinkAction<Sink>] = []
    /// Nil: it is nobody's.
    var sink: Sink?
}

extension ReplyOutcome: Equatable where Sink: Equatable {}
