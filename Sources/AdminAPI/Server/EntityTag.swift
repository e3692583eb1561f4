// ETags of plans and overrides: their revisions, which Redis counts.

/// A strong ETag: the revision of the last change, in quotes.
enum EntityTag {
    static func text(of revision: Int) -> String { "\"\(revision)\"" }

    /// - Returns: nil if it is not an ETag of this service. Weak ETags and lists are not.
    static func revision(in tag: String) -> Int? {
        guard tag.utf8.count > 2, tag.first == "\"", tag.last == "\"" else { return nil }
        let digits = tag.dropFirst().dropLast()
        return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }
}
