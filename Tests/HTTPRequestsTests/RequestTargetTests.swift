import Testing

@testable import HTTPRequests

@Suite("The target of a request")
struct RequestTargetTests {
    @Test(
        "A path is taken as it is, an absolute target is cut into authority and path",
        arguments: [
            ("/v1/plans", nil, "/v1/plans"), ("/", nil, "/"), ("/a?b=/c", nil, "/a?b=/c"),
            ("http://h:1/a?b", "h:1", "/a?b"), ("HTTPS://H/a", "H", "/a"), ("http://h", "h", "/"),
            ("http://h?a", "h", "/?a"), ("http://h/", "h", "/"), ("http://", "", "/"),
            ("http:///a", "", "/a"), ("/http://h/a", nil, "/http://h/a"),
        ] as [(String, String?, String)])
    func forms(_ text: String, _ authority: String?, _ path: String) {
        let target = RequestTarget(text)
        #expect(target.authority.map(String.init) == authority && target.path == path)
    }

    @Test(
        "What is neither form stays as it is, so that no route takes it",
        arguments: ["*", "", "h:443", "ftp://h/a", "http:/h/a", "http//h/a", "xhttp://h/a"])
    func strangers(_ text: String) {
        let target = RequestTarget(text)
        #expect(target.authority == nil && target.path == text)
    }

    @Test("A fragment is cut off, wherever it begins")
    func fragments() {
        #expect(RequestTarget("/a#b?c").path == "/a")
        let absolute = RequestTarget("http://h#/a")
        #expect(absolute.authority == "h" && absolute.path == "/")
        #expect(RequestTarget("#").path == "")
    }
}
