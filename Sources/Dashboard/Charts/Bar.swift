// How full a limit is: a bar, and a number with words that do not depend on seeing the bar.

enum Bar {
    /// From this percent on a limit is nearly used up.
    static let nearly = 90

    static func html(percent: Int) -> HTML {
        bar(percent >= 100 ? "full" : percent >= nearly ? "near" : "some", Double(min(max(percent, 0), 100)))
    }

    /// A bar for a value relative to the greatest of several values.
    static func share(_ value: Int, of most: Int) -> HTML {
        bar("share", 100 * Double(value) / Double(max(most, 1)))
    }

    private static func bar(_ kind: String, _ width: Double) -> HTML {
        #"""
        <svg class="bar \#(kind)" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">\#
        <rect class="track" width="100" height="8"/><rect class="fill" width="\#(width)" height="8"/></svg>
        """#
    }

    /// `87 %`, with "nearly full" from ``nearly`` on and "at the limit" from 100 on.
    static func label(percent: Int) -> HTML {
        let tag: HTML? =
            percent >= 100
            ? #" <span class="tag full">at the limit</span>"#
            : percent >= nearly ? #" <span class="tag near">nearly full</span>"# : nil
        return #"<span class="percent">\#(percent, as: "\(percent) %")</span>\#(tag)"#
    }
}
