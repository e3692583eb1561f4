// The frame of every page: head, the form that finds an account, content. It has no inline style,
// script or handler, because the content security policy forbids them.

public import WireFormat

public struct Page {
    let title: String
    /// The account in the form.
    var sought = ""
    /// The page's HTTP status.
    public private(set) var status = 200
    let main: HTML

    /// The whole document.
    public var text: String { html.text }

    private var html: HTML {
        #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\#(title) - Stint</title>
        <link rel="icon" type="image/svg+xml" href="\#(Asset.icon.path)">
        <link rel="stylesheet" href="\#(Asset.style.path)">
        <script src="\#(Asset.script.path)" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="bar-top">
        <div class="inside">
        <a class="brand" href="/" aria-label="Stint, overview">\#(Self.mark)<span>Stint</span></a>
        <p id="state" class="state" role="status"></p>
        <form class="find" action="/accounts" method="get" role="search">
        <label for="account">Account</label>
        <input id="account" name="account" value="\#(sought)" required maxlength="128"
         pattern="[A-Za-z0-9._:@\-]+" title="Letters, digits and . _ : @ -" placeholder="acme"
         autocomplete="off" autocapitalize="none" spellcheck="false">
        <button type="submit">Show</button>
        </form>
        </div>
        </header>
        <main id="main" class="inside" tabindex="-1">
        \#(main)
        </main>
        <footer class="inside">
        <nav aria-label="For machines"><ul>
        <li><a href="/metrics">Metrics</a></li>
        <li><a href="/openapi.json">OpenAPI</a></li>
        <li><a href="/readyz">Readiness</a></li>
        </ul></nav>
        <p>All times are UTC.</p>
        </footer>
        </body>
        </html>

        """#
    }

    /// The logo: the cells of a window that fills.
    private static let mark: HTML = """
        <svg class="mark" viewBox="0 0 20 20" aria-hidden="true"><rect x="1" y="12" width="4" height="7" rx="1"/>\
        <rect x="8" y="7" width="4" height="12" rx="1"/><rect x="15" y="1" width="4" height="18" rx="1"/></svg>
        """

    /// A note in place of content.
    static func note(_ text: String) -> HTML { #"<p class="note">\#(text)</p>"# }
}

extension Page {
    /// The page of an account if the ledger is in memory, which cannot be shown.
    public init(unkept account: String) {
        self.init(
            title: account, sought: account,
            main: #"""
                <h1><span class="kind-of">Account</span> \#(account)</h1>
                \#(Page.note("With --ledger memory accounts have no pages. Start Stint with Redis to see them."))
                """#)
    }

    /// A page with a problem.
    public init(_ problem: Problem, sought: String = "") {
        title = "\(problem.type.title)"
        self.sought = sought
        status = problem.type.status
        main = #"""
            <h1>\#("\(problem.type.title)")</h1>
            <p>\#(problem.detail)</p>
            <p><a href="/">To the overview</a></p>
            """#
    }
}
