// A server's reply, as a value.

public import NIOCore

/// One RESP2 reply.
public enum RedisReply: Equatable, Sendable {
    /// `+OK`. Bytes that are not UTF-8 are replaced.
    case status(String)
    /// `-ERR ...`, an ordinary reply: the first word is its code.
    case error(String)
    case integer(Int)
    /// A byte string; often a slice of the bytes read from the socket, so do not keep it for long.
    case bulk(ByteBuffer)
    case null
    case array([RedisReply])
}
