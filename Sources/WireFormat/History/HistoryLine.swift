// A recorded history is a file of JSON lines. Each is one question to a Stint and its reply,
// verbatim, as the client saw them. Test harnesses write them, `stint audit` reads them.

/// One line of a history.
///
/// ```json
/// {"question":"admit","account":"acme","sentAt":1770000000000,"answeredAt":1770000000002,
///  "request":{"id":"run-1","maxDurationMs":10000},"status":201,
///  "reply":{"id":"run-1","grantedMs":10000,"deadline":1770000010001,
///           "limits":{"executionsRemaining":5999,"timeRemaining":590000}}}
/// ```
/// (without the line breaks). `status` and `reply` are absent if no readable reply came.
public struct HistoryLine: WireBody {
    public enum Exchange: Hashable, Sendable {
        case admit(AdmitBody, WireReply<AdmittedBody>?)
        case settle(id: String, SettleBody, WireReply<SettledBody>?)
        case peek(WireReply<StandingBody>?)
    }

    /// ``BodyField/account``.
    public var account: String
    /// ``BodyField/sentAt``.
    public var sentAt: Int
    /// ``BodyField/answeredAt``.
    public var answeredAt: Int
    public var exchange: Exchange

    public init(account: String, sentAt: Int, answeredAt: Int, _ exchange: Exchange) {
        self.account = account
        self.sentAt = sentAt
        self.answeredAt = answeredAt
        self.exchange = exchange
    }

    private static let fields: [BodyField] = [
        .question, .account, .id, .sentAt, .answeredAt, .request, .status, .reply,
    ]

    public init(from reader: inout JSONReader) throws(BodyError) {
        var (question, account, id): (String?, String?, String?)
        var (sentAt, answeredAt, status): (Int?, Int?, Int?)
        var (request, reply): ([UInt8]?, [UInt8]?)
        var seen = FieldSet()
        try reader.beginFields()
        while let field = try reader.nextField(of: Self.fields, seen: &seen) {
            switch field {
            case .question: question = try reader.text(field)
            case .account: account = try reader.text(field)
            case .id: id = try reader.text(field)
            case .sentAt: sentAt = try reader.integer(field)
            case .answeredAt: answeredAt = try reader.integer(field)
            case .status: status = try reader.integer(field)
            case .request: request = try reader.unreadObject(field)
            case .reply: reply = try reader.unreadObject(field)
            default: try reader.skipField()
            }
        }
        guard let question else { throw .missing(.question, among: seen) }
        guard let account else { throw .missing(.account, among: seen) }
        guard let sentAt else { throw .missing(.sentAt, among: seen) }
        guard let answeredAt else { throw .missing(.answeredAt, among: seen) }
        guard answeredAt >= sentAt else {
            throw .malformedField(.answeredAt, bound: "at least sentAt (\(sentAt))", found: "\(answeredAt)")
        }
        if status != nil, reply == nil { throw .missing(.reply, among: seen) }
        if reply != nil, status == nil { throw .missing(.status, among: seen) }
        self.init(account: account, sentAt: sentAt, answeredAt: answeredAt, .peek(nil))
        switch question {
        case "admit":
            exchange = .admit(try AdmitBody(json: request ?? []), try Self.reply(status, reply))
        case "settle":
            guard let id else { throw .missing(.id, among: seen) }
            guard let request else { throw .missing(.request, among: seen) }
            exchange = .settle(id: id, try SettleBody(json: request), try Self.reply(status, reply))
        default: exchange = .peek(try Self.reply(status, reply))
        }
    }

    private static func reply<Body>(_ status: Int?, _ json: [UInt8]?) throws(BodyError) -> WireReply<Body>? {
        guard let status, let json else { return nil }
        return try WireReply(status: status, json: json)
    }

    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch exchange {
        case .admit(let request, let reply):
            writeHead("admit", id: nil, to: &writer)
            writer.name(BodyField.request.name)
            request.write(to: &writer)
            reply?.write(to: &writer)
        case .settle(let id, let request, let reply):
            writeHead("settle", id: id, to: &writer)
            writer.name(BodyField.request.name)
            request.write(to: &writer)
            reply?.write(to: &writer)
        case .peek(let reply):
            writeHead("peek", id: nil, to: &writer)
            reply?.write(to: &writer)
        }
        writer.endObject()
    }

    private func writeHead(_ question: String, id: String?, to writer: inout JSONWriter) {
        writer.member(.question, question)
        writer.member(.account, account)
        writer.member(.id, ifPresent: id)
        writer.member(.sentAt, sentAt)
        writer.member(.answeredAt, answeredAt)
    }
}
