// Checks the tokens of one connection's requests. A client sends the same field with every request,
// so it is hashed once: while the book is the same object, the same bytes have the same result.

/// Belongs to one connection. It must not be shared between threads.
public struct BearerCheck {
    /// The bytes of the last accepted field, and the book that accepted it.
    private var verified: [UInt8] = []
    private var book: TokenBook?
    private var entry: TokenBook.Entry?

    public init() {}

    /// - Parameters:
    ///   - field: the value of `Authorization`; nil without one.
    ///   - book: the tokens in force.
    ///   - scope: the scope that the token must have.
    /// - Returns: the entry of the token.
    /// - Throws: why the request is rejected: 401 or 403.
    public mutating func check(
        _ field: String?, in book: TokenBook, for scope: Scope
    ) throws(AuthenticationError) -> TokenBook.Entry {
        guard let field else { throw .tokenMissing }
        let entry: TokenBook.Entry
        if let known = self.entry, self.book === book, isVerified(field) {
            entry = known
        } else {
            entry = try Self.entry(field, in: book)
            verified = Array(field.utf8)
            self.book = book
            self.entry = entry
        }
        guard entry.may(scope) else { throw .scopeMissing(scope) }
        return entry
    }

    private static func entry(_ field: String, in book: TokenBook) throws(AuthenticationError)
        -> TokenBook.Entry
    {
        switch Credentials(field) {
        case .bearer(let token):
            guard let entry = book.entry(for: token.utf8) else { throw .tokenInvalid }
            return entry
        case .malformed: throw .tokenInvalid
        case .basic, .foreign: throw .tokenMissing
        }
    }

    /// Whether `field` is the last accepted one. Takes the same time wherever they differ.
    private func isVerified(_ field: String) -> Bool {
        guard field.utf8.count == verified.count else { return false }
        var difference: UInt8 = 0
        for (one, other) in zip(field.utf8, verified) { difference |= one ^ other }
        return difference == 0
    }
}
