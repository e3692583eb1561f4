// One tab of a browser: opens pages, reads them, presses keys, and keeps the browser's warnings.

import Foundation
import TestServers
import WireFormat

struct BrowserTab: Sendable {
    let browser: Browser
    private let session: String

    /// A new tab, 1200 by 900 and light.
    init(_ browser: Browser) async throws {
        self.browser = browser
        let target = try await browser.order("Target.createTarget", ["url": "about:blank"])
        let attached = try await browser.order(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": true])
        guard let session = attached["sessionId"]?.text else { throw Unexpected("no session: \(attached)") }
        self.session = session
        for domain in ["Page", "Runtime", "Log", "Network"] { try await order("\(domain).enable") }
        try await resize(1_200, 900)
        try await dress(dark: false)
    }

    @discardableResult
    private func order(_ method: String, _ parameters: [String: JSONValue] = [:]) async throws -> JSONValue {
        try await browser.order(method, parameters, session: session)
    }

    // MARK: Doing

    /// Loads a page and waits until all of it is there.
    func go(to url: String) async throws {
        let reply = try await order("Page.navigate", ["url": .string(url)])
        if let problem = reply["errorText"]?.text { throw Unexpected("\(url): \(problem)") }
        try await loaded()
    }

    func loaded() async throws {
        try await eventually("the page is loaded", within: Browser.timeout) {
            try await evaluate("document.readyState") == "complete"
        }
    }

    func resize(_ width: Int, _ height: Int) async throws {
        try await order(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .integer(width), "height": .integer(height), "deviceScaleFactor": 1, "mobile": false,
            ])
    }

    /// What the person prefers.
    func dress(dark: Bool) async throws {
        try await order(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]]])
    }

    /// - Parameters:
    ///   - key: its name, such as `Tab`.
    ///   - code: its number.
    ///   - text: what it types.
    func press(_ key: String, code: Int, text: String? = nil) async throws {
        var parameters: [String: JSONValue] = [
            "type": "keyDown", "key": .string(key), "code": .string(key),
            "windowsVirtualKeyCode": .integer(code),
        ]
        if let text { parameters["text"] = .string(text) }
        try await order("Input.dispatchKeyEvent", parameters)
        parameters["type"] = "keyUp"
        parameters["text"] = nil
        try await order("Input.dispatchKeyEvent", parameters)
    }

    func type(_ text: String) async throws { try await order("Input.insertText", ["text": .string(text)]) }

    /// Gives every request this field.
    func send(_ name: String, _ value: String) async throws {
        try await order("Network.setExtraHTTPHeaders", ["headers": [name: .string(value)]])
    }

    // MARK: Looking

    /// The value of an expression of JavaScript, once it is there if it is promised.
    @discardableResult
    func evaluate(_ expression: String) async throws -> JSONValue {
        let reply = try await order(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": true, "awaitPromise": true])
        if let thrown = reply["exceptionDetails"] { throw Unexpected("\(expression): \(thrown)") }
        return reply["result"]?["value"] ?? .null
    }

    /// Like ``evaluate(_:)``, as a value of Swift.
    func value<Value: Decodable>(_ expression: String, as: Value.Type = Value.self) async throws -> Value {
        let value = try await evaluate(expression)
        return try JSONDecoder().decode([Value].self, from: JSONEncoder().encode([value]))[0]
    }

    /// What a person reads in the first element that matches.
    func text(_ selector: String) async throws -> String {
        try await value("document.querySelector('\(selector)')?.innerText ?? 'there is none'")
    }

    /// The page as a PNG.
    /// - Parameter height: more of it is left out.
    func picture(height: Double) async throws -> Data {
        let size = try await order("Page.getLayoutMetrics")["cssContentSize"]
        let reply = try await order(
            "Page.captureScreenshot",
            [
                "format": "png", "captureBeyondViewport": true,
                "clip": [
                    "x": 0, "y": 0, "width": size?["width"] ?? 0,
                    "height": .number(min(height, size?["height"]?.number ?? 0)), "scale": 1,
                ],
            ])
        guard let data = reply["data"]?.text.flatMap({ Data(base64Encoded: $0) }) else {
            throw Unexpected("no picture")
        }
        return data
    }

    /// What the browser complained about: errors and warnings in the console (what the content
    /// security policy forbids is among them), exceptions, requests that failed, answers of 400 and
    /// more.
    var complaints: [String] {
        browser.events(of: session).compactMap { event in
            guard let method = event["method"]?.text, let parameters = event["params"] else { return nil }
            switch method {
            case "Runtime.exceptionThrown": return "\(parameters)"
            case "Runtime.consoleAPICalled":
                let type = parameters["type"]?.text ?? ""
                return ["error", "warning", "assert"].contains(type) ? "\(type): \(parameters)" : nil
            case "Log.entryAdded":
                let level = parameters["entry"]?["level"]?.text ?? ""
                return ["error", "warning"].contains(level) ? "\(parameters)" : nil
            case "Network.loadingFailed": return parameters["canceled"] == true ? nil : "\(parameters)"
            case "Network.responseReceived":
                let response = parameters["response"]
                let status = response?["status"]?.number ?? 0
                return status < 400 ? nil : "\(status) \(response?["url"]?.text ?? "")"
            default: return nil
            }
        }
    }
}
