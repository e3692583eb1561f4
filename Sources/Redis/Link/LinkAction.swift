// The actions that `LinkState` decides and `RedisLink` carries out.

import NIOCore

/// The number of an attempt to connect, and of the connection that it opens.
struct Attempt: Equatable, Sendable {
    let number: Int
}

/// One action of a link. Several are carried out in their order.
enum LinkAction<Sink> {
    /// Open a socket, and report the result: ``LinkState/connected(_:)`` or
    /// ``LinkState/ended(_:because:)``.
    case dial(Attempt)
    /// Write the commands that open a connection.
    case greet(Greeting)
    /// Call ``LinkState/connectTimerFired()`` after this time. Replaces an earlier timer.
    case setConnectTimer(Duration)
    case cancelConnectTimer
    /// Call ``LinkState/checkReplies(at:)`` at this instant. Replaces an earlier timer.
    case setReplyTimer(NIODeadline)
    case cancelReplyTimer
    /// Call ``LinkState/idleTimerFired(at:)`` after this time. Replaces an earlier timer.
    case setIdleTimer(Duration)
    case cancelIdleTimer
    /// Write a `PING`.
    case ping
    /// Close the socket, if there is one. Unsent commands stay unsent.
    case closeSocket
    /// Discard what was not handed to the socket.
    case discardUnsent
    case countConnection
    case countDisconnection
    case countTimeouts(Int)
    /// Log a warning: why there is no connection.
    case warn(String)
    /// Log a warning: why the link accepts no command.
    case warnOfStall(String)
    /// Log that the fault has ended.
    case noteRecovery
    /// Call `onReady`: the link accepts commands.
    case announceReady
    case fail(Sink, RedisFailure)
}

extension LinkAction: Equatable where Sink: Equatable {}

/// The result of sending a command.
enum Placement: Equatable {
    /// It waits for its reply, once it is written.
    /// - Parameter replyTimer: when to call ``LinkState/checkReplies(at:)``; nil: the timer that is
    ///   set comes soon enough.
    case queued(replyTimer: NIODeadline?)
    case refused(RedisFailure)
}

/// The result of a reply: carry out `actions`, then give it to `sink`.
struct ReplyOutcome<Sink> {
    var actions: [LinkAction<Sink>] = []
    /// Nil: no command waits for it.
    var sink: Sink?
}

extension ReplyOutcome: Equatable where Sink: Equatable {}
