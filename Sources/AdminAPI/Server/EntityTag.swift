// ETags of what people may change: its revision, which Redis counts.

/// A strong ETag: the revision at which the thing was changed last, in quotes.
enum EntityTag {
    static func text(of revision: Int) -> String { "\"\(revision)\"" }

    /// - Returns: nil for what is no ETag of this service, weak ones and lists among it.
    static func revision(in tag: String) -> Int? {
        guard tag.utf8.count > 2, tag.first == "\"", tag.last == "\"" else { return nil }
        let digits = tag.dropFirst().dropLast()
        return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
}
