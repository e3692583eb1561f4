// An HTTP reply of the runner API, from its status and its body.

/// A body if the status is 2xx, a problem otherwise; a denial is a problem.
public struct WireReply<Body: WireBody>: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// 2xx.
        case accepted(Body)
        /// Anything else.
        case problem(Problem)
    }

    /// The HTTP status.
    public let status: Int
    public let outcome: Outcome

    public init(status: Int, _ outcome: Outcome) {
        self.status = status
        self.outcome = outcome
    }

    /// - Throws: if the body is not valid for a reply of that status.
    public init(status: Int, json: some Collection<UInt8>) throws(BodyError) {
        self.status = status
        outcome =
            (200..<300).contains(status)
            ? .accepted(try Body(json: json)) : .problem(try Problem(json: json))
    }

    /// The body of a 2xx.
    public var accepted: Body? {
        if case .accepted(let body) = outcome { body } else { nil }
    }

    /// The body of any other status.
    public var problem: Problem? {
        if case .problem(let problem) = outcome { problem } else { nil }
    }

    func write(to writer: inout JSONWriter) {
        writer.member(.status, status)
        writer.name(BodyField.reply.name)
        switch outcome {
        case .accepted(let body): body.write(to: &writer)
        case .problem(let problem): problem.write(to: &writer)
        }
    }
}
