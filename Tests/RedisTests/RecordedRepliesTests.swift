// Replays requests and replies recorded from a real server, if the shared vectors are given
// (STINT_SHARED). The oracle is the reverse: a decoded reply, written as RESP2, must give the
// recorded bytes.

import Foundation
import NIOCore
import SharedVectors
import Testing

@testable import Redis

@Suite("Recorded replies")
struct RecordedRepliesTests {
    struct Recording: Decodable {
        let `protocol`: Int
        let command: [String]
        let request_base64: Data
        let reply_base64: Data
    }

    /// nil when there are no shared vectors.
    static func recordings() throws -> [Recording]? {
        guard let text = try SharedVectors.unpacked("redis-replies.jsonl.gz") else { return nil }
        return try text.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Recording.self, from: Data($0))
        }
    }

    @Test("the recorded RESP2 replies decode to what was sent, however cut; RESP3 ones decode or are refused")
    func replays() throws {
        guard let recordings = try Self.recordings() else {
            print(
                "recorded replies: no STINT_SHARED, ran the \(ReplyDecoderTests.sample.count) in the source"
            )
            for row in ReplyDecoderTests.sample {
                #expect(encoded(row.reply) == withOneNull(ByteBuffer(string: row.wire)))
            }
            return
        }
        print("recorded replies: ran all \(recordings.count) shared ones")
        #expect(recordings.count > 200)
        for recording in recordings {
            let whole = ByteBuffer(bytes: recording.reply_base64)
            for chunks in [[whole]] + cuts(of: whole) {
                if recording.protocol == 2 {
                    let replies = try decode(chunks)
                    #expect(replies.count == 1, "\(recording.command)")
                    #expect(replies.first.map(encoded) == withOneNull(whole), "\(recording.command)")
                } else {
                    do { _ = try decode(chunks) } catch { #expect(error is ReplyDecodingError) }
                }
            }
        }
    }

    @Test("commands are written as the recorded client wrote them")
    func writesRecordedRequests() throws {
        let recordings = try Self.recordings() ?? []
        print("recorded requests: \(recordings.isEmpty ? "no STINT_SHARED, ran one" : "ran all shared ones")")
        var compared = 1
        #expect(written([Array("PING".utf8)]) == ByteBuffer(string: "*1\r\n$4\r\nPING\r\n"))
        for recording in recordings where !recording.command.contains(where: { $0.contains(" * ") }) {
            // A character of the recording stands for one byte.
            let arguments = recording.command.map {
                $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            }
            #expect(written(arguments) == ByteBuffer(bytes: recording.request_base64), "\(recording.command)")
            compared += 1
        }
        #expect(recordings.isEmpty || compared > 190)
    }

    /// Redis 7 writes null as `$-1` or `*-1`; both decode to the same value.
    private func withOneNull(_ wire: ByteBuffer) -> ByteBuffer {
        ByteBuffer(
            bytes: Data(wire.readableBytesView).replacing(Data("*-1\r\n".utf8), with: Data("$-1\r\n".utf8)))
    }

    private func encoded(_ reply: RedisReply) -> ByteBuffer {
        switch reply {
        case .status(let text): return ByteBuffer(string: "+\(text)\r\n")
        case .error(let text): return ByteBuffer(string: "-\(text)\r\n")
        case .integer(let number): return ByteBuffer(string: ":\(number)\r\n")
        case .null: return ByteBuffer(string: "$-1\r\n")
        case .bulk(let bytes):
            var wire = ByteBuffer(string: "$\(bytes.readableBytes)\r\n")
            wire.writeImmutableBuffer(bytes)
            wire.writeString("\r\n")
            return wire
        case .array(let elements):
            var wire = ByteBuffer(string: "*\(elements.count)\r\n")
            for element in elements { wire.writeImmutableBuffer(encoded(element)) }
            return wire
        }
    }
}
