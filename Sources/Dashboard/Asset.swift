// The three files of the pages, embedded in the binary. Their names change with their content, so
// browsers may cache them forever.

import WireFormat

public struct Asset: Sendable {
    public let name: String
    public let mediaType: String
    public let bytes: [UInt8]

    /// Its path in the admin API.
    public var path: String { "/assets/\(name)" }

    public static let style = Asset(
        "dashboard", "css", "text/css; charset=utf-8", PackageResources.dashboard_css)
    public static let script = Asset(
        "dashboard", "js", "text/javascript; charset=utf-8", PackageResources.dashboard_js)
    public static let icon = Asset("icon", "svg", "image/svg+xml", PackageResources.icon_svg)
    public static let all = [style, script, icon]

    private init(_ stem: String, _ ending: String, _ mediaType: String, _ bytes: [UInt8]) {
        name = "\(stem)-\(Fingerprint(of: bytes).text).\(ending)"
        self.mediaType = mediaType
        self.bytes = bytes
    }
}
