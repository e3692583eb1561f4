// Random requests by seed: most of them plain, many almost plain, some invalid.

import SeededChance

/// Draws requests, one at a time, so that each place of the grammar holds every form that might be
/// mistaken.
struct RequestDraw {
    private static let methods = ["GET", "HEAD", "PUT", "post", "POST ", "POS", "PATCH", "\r\nPOST"]
    private static let paths = [
        "/v1/accounts/acme/executions", "/v1/accounts/acme/executions", "/v1/accounts/b@c:d.e_f-9/executions",
        "/v1/accounts/acme/executions/run-1/settle", "/v1/accounts/acme/executions/run-2/settle",
        "/v1/accounts/acme/limits",
    ]
    private static let oddPaths = [
        "/v1/accounts/a%40b/executions", "/v1/accounts/acme/limits?x=1",
        "http://localhost/v1/accounts/acme/limits",
        "/v1/accounts//executions", "/v1/accounts/a~b/limits", "/v1/accounts/", "/v2", "*", "",
        "/v1/accounts/\(String(repeating: "a", count: 129))/limits", "/v1/accounts/a b/limits",
        "/v1/accounts/acme/limits#x", "/v1/accounts/\u{FC}/limits", "/v1/accounts/acme/executions/a:b/settle",
    ]
    private static let versions = [
        "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", "HTTP/1.10", "",
    ]
    private static let quietFields = [
        "User-Agent: curl/8.0", "Accept: */*", "accept-encoding: gzip, deflate", "Connection: keep-alive",
        "connection:Keep-Alive", "X-Request-ID: \"7\"", "traceparent: 00-1-2-01", "Accept-Language:   en ",
    ]
    private static let oddFields = [
        "Host: other", "Host: evil.example", "Host : h", "Origin: null", "Sec-Fetch-Site: same-site",
        " folded: x", "Accept:", "Accept: ", "Accept: \t", "Accept: \u{E9}",
        "Accept: a\u{0}b", "Accept: a\tb", "X-Unknown: y", ": empty", "no colon", "Connection: close",
        "Connection: keep-alive, close", "Connection: upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip", "Content-Encoding: gzip", "Content-Encoding: identity",
        "Content-Length: 0",
        "Content-Length: 1", "Content-Type: text/plain", "Content-Type: application/json", "Expect: x",
        "Proxy-Connection: close", "Keep-Alive: timeout=1", "HTTP2-Settings: x", "Accept: a\rb",
        "Accept: a\nb",
        "H\u{EF}st: h", "Content-Length:", "Accept-\u{C}: x",
    ]
    private static let types = [
        "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;x",
        "application/json ;x", "application/json ", "application/jsonx", "application/jso", "text/plain", "",
        "\tapplication/json",
    ]
    private static let bodies = [
        "{}", #"{"id":"run-1","maxDurationMs":10}"#, #"{"function":"f","kind":"workflow-action"}"#,
        #"{"durationMs":5,"outcome":"ok"}"#, #"{"durationMs":5}"#, #"{"durationMs":-1}"#, "", "{", "[]",
        "null",
        #"{"id":"\u0061"}"#, "\r\n", "GET ", #"{"kind":"none"}"#,
    ]
    private static let oddLengths = [
        "0", "1", "3000", "99999999", "123456789", "+2", "0x2", "2, 2", "2 ", "-0", " ",
    ]
    private static let lineEnds = ["\n", "\r", "\r\r\n", "\n\r", " \r\n", ""]

    /// How rare an odd form is: once in so many places.
    let rarity: Int

    func request(_ random: inout SeededGenerator) -> [UInt8] {
        func isOdd() -> Bool { random.once(in: rarity) }
        let path = isOdd() ? random.pick(Self.oddPaths) : random.pick(Self.paths)
        let method = isOdd() ? random.pick(Self.methods) : path.hasSuffix("limits") ? "GET" : "POST"
        let version = isOdd() ? random.pick(Self.versions) : "HTTP/1.1"
        let body = method == "GET" && !isOdd() ? "" : random.pick(Self.bodies)
        var fields = isOdd() ? [] : [random.pick(["Host: localhost", "host:127.0.0.1:80", "HOST:   [::1]"])]
        if !body.isEmpty || random.once(in: 8) {
            let type = random.once(in: 3) ? random.pick(Self.types) : Self.types[0]
            fields.append("Content-Type: \(type)")
        }
        if !body.isEmpty || random.once(in: 3) {
            let length = "\(random.once(in: 9) ? "0" : "")\(body.utf8.count)"
            fields.append("content-Length: \(isOdd() ? random.pick(Self.oddLengths) : length)")
        }
        while random.once(in: 3) { fields.append(random.pick(Self.quietFields)) }
        while isOdd() { fields.append(random.pick(Self.oddFields)) }
        fields.shuffle(using: &random)
        var text = ""
        for line in ["\(method) \(path) \(version)"] + fields + [""] {
            text += line + (random.once(in: 12 * rarity) ? random.pick(Self.lineEnds) : "\r\n")
        }
        return Array((text + body).utf8)
    }
}
