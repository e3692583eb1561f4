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
    /// Call ``LinkState/connectTimerFired()`` after this time, and not when it was to be called
    /// before.
    case setConnectTimer(Duration)
    case cancelConnectTimer
    /// Call ``LinkState/checkReplies(at:)`` then, and not when it was to be called before.
    case setReplyTimer(NIODeadline)
    case cancelReplyTimer
    /// Close the socket, if there is one. What was not handed to it will not be.
    case closeSocket
    /// Forget what was not handed to the socket.
    case discardUnsent
    case countConnection
    case countDisconnection
    case countTimeouts(Int)
    /// Say at warning why there is no connection.
    case warn(String)
    /// Say at warning why no command is taken.
    case warnOfStall(String)
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
    /// - Parameter replyTimer: when to call ``LinkState/checkReplies(at:)``; nil: it is called soon
    ///   enough.
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
