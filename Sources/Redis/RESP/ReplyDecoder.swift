// Parses bytes from the wire as `RedisReply` values, with hiredis' `redisReader`. This file owns
// the C reader and is its object factory: hiredis calls functions here that build Swift values. So
// a bulk reply can be a slice of the bytes just read instead of a copy, and a huge announced array
// costs nothing until its elements arrive. hiredis 0.14 speaks RESP2, with at most 8 nested arrays.

import CHiredis
import NIOCore

/// Why the bytes are not a reply. The decoder is unusable afterwards.
struct ReplyDecodingError: Error, Equatable {
    let reason: String
}

/// A parser of the replies of one connection. Feed bytes as they come, then take replies until
/// there are none.
final class ReplyDecoder {
    private let reader: UnsafeMutablePointer<redisReader>
    private let maximumReplyBytes: Int
    /// The bytes fed last, which are also the last bytes in the reader's own buffer.
    private var chunk = ByteBuffer()
    /// Bytes fed since the last complete reply, without that reply's own bytes.
    private var byteCount = 0
    /// Arrays that are not complete yet, outermost first.
    private var openArrays: [OpenArray] = []
    private var complete: RedisReply?
    /// An error that this decoder found and hiredis did not.
    private var complaint: String?

    private struct OpenArray {
        let count: Int
        var elements: [RedisReply] = []
    }

    init(maximumReplyBytes: Int) {
        guard let reader = redisReaderCreateWithFunctions(Self.functions) else {
            preconditionFailure("out of memory: hiredis could not allocate a reader")
        }
        self.reader = reader
        self.maximumReplyBytes = maximumReplyBytes
        // hiredis passes this pointer back to the functions below, which run only inside `next()`,
        // while self is alive.
        reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { redisReaderFree(reader) }

    func feed(_ bytes: ByteBuffer) throws(ReplyDecodingError) {
        let result = bytes.withUnsafeReadableBytes { raw in
            guard let base = raw.baseAddress, raw.count > 0 else { return REDIS_OK }
            return redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), raw.count)
        }
        guard result == REDIS_OK else { throw failure() }
        chunk = bytes
        byteCount += bytes.readableBytes
    }

    /// The next complete reply, or nil if more bytes are needed.
    func next() throws(ReplyDecodingError) -> RedisReply? {
        var ignored: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &ignored) == REDIS_OK else { throw failure() }
        let unread = reader.pointee.len - reader.pointee.pos
        defer { complete = nil }
        guard let reply = complete else {
            chunk = ByteBuffer()
            guard byteCount <= maximumReplyBytes else { throw tooLong() }
            return nil
        }
        guard byteCount - unread <= maximumReplyBytes else { throw tooLong() }
        byteCount = unread
        return reply
    }

    private func tooLong() -> ReplyDecodingError {
        ReplyDecodingError(reason: "a reply is longer than \(maximumReplyBytes) bytes")
    }

    private func failure() -> ReplyDecodingError {
        if let complaint { return ReplyDecodingError(reason: complaint) }
        let text = withUnsafeBytes(of: reader.pointee.errstr) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ReplyDecodingError(reason: text.isEmpty ? "hiredis error \(reader.pointee.err)" : text)
    }

    // MARK: - What hiredis calls

    /// hiredis needs an object that is not NULL for every value. It never reads it, so the decoder
    /// itself serves as the object.
    private static func decoder(
        of task: UnsafePointer<redisReadTask>?
    ) -> (decoder: ReplyDecoder, object: UnsafeMutableRawPointer)? {
        guard let object = task?.pointee.privdata else { return nil }
        return (Unmanaged<ReplyDecoder>.fromOpaque(object).takeUnretainedValue(), object)
    }

    /// Allocated once, written once before any other code has it, and only read by hiredis. So it
    /// is safe to share.
    private nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, start, count in
                    guard let (decoder, object) = ReplyDecoder.decoder(of: task), let task, let start else {
                        return nil
                    }
                    let isGood = decoder.addString(
                        type: task.pointee.type, start: UnsafeRawPointer(start), count: count)
                    return isGood ? object : nil
                },
                createArray: { task, count in
                    guard let (decoder, object) = ReplyDecoder.decoder(of: task) else { return nil }
                    decoder.openArray(count: Int(count))
                    return object
                },
                createInteger: { task, value in
                    guard let (decoder, object) = ReplyDecoder.decoder(of: task) else { return nil }
                    decoder.add(.integer(Int(value)))
                    return object
                },
                createNil: { task in
                    guard let (decoder, object) = ReplyDecoder.decoder(of: task) else { return nil }
                    decoder.add(.null)
                    return object
                },
                freeObject: { _ in }
            )
        )
        return functions
    }()

    /// Returns false if a bulk string does not end where its length says. hiredis skips the two
    /// bytes after it without a check. A wrong length would go unnoticed, and the next reply would
    /// be read from its middle.
    private func addString(type: Int32, start: UnsafeRawPointer, count: Int) -> Bool {
        let bytes = UnsafeRawBufferPointer(start: start, count: count)
        switch type {
        case REDIS_REPLY_STATUS: add(.status(String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ERROR: add(.error(String(decoding: bytes, as: UTF8.self)))
        default:
            guard UnsafeRawBufferPointer(start: start + count, count: 2).elementsEqual([0x0D, 0x0A]) else {
                complaint = "a bulk string does not end where its length says"
                return false
            }
            add(.bulk(slice(start: start, count: count) ?? ByteBuffer(bytes: bytes)))
        }
        return true
    }

    /// The same bytes as a slice of `chunk`, if all of them lie in it. hiredis appends what it is
    /// fed and drops only from the front, so the distance to the end of its buffer is the distance
    /// to the end of the chunk.
    private func slice(start: UnsafeRawPointer, count: Int) -> ByteBuffer? {
        let end = UnsafeRawPointer(reader.pointee.buf) + reader.pointee.len
        let distance = end - start
        guard distance <= chunk.readableBytes else { return nil }
        return chunk.getSlice(at: chunk.writerIndex - distance, length: count)
    }

    private func openArray(count: Int) {
        guard count > 0 else { return add(.array([])) }
        openArrays.append(OpenArray(count: count))
    }

    /// Adds a value to the innermost open array, and closes every array that it completes.
    private func add(_ value: RedisReply) {
        var value = value
        while let innermost = openArrays.indices.last {
            openArrays[innermost].elements.append(value)
            guard openArrays[innermost].elements.count == openArrays[innermost].count else { return }
            value = .array(openArrays.removeLast().elements)
        }
        complete = value
    }
}
