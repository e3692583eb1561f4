// The three files that pages need, from within the binary. Their names change with what is in them,
// so browsers may keep them for ever.

import HTTPTypes
import Hummingbird
import NIOCore
import WireFormat

struct Asset: Sendable {
    let name: String
    let mediaType: String
    private let bytes: [UInt8]

    var path: String { "/assets/\(name)" }

    static let style = Asset("dashboard", "css", "text/css; charset=utf-8", PackageResources.dashboard_css)
    static let script = Asset(
        "dashboard", "js", "text/javascript; charset=utf-8", PackageResources.dashboard_js)
    static let icon = Asset("icon", "svg", "image/svg+xml", PackageResources.icon_svg)
    static let all = [style, script, icon]

    private init(_ stem: String, _ ending: String, _ mediaType: String, _ bytes: [UInt8]) {
        // FNV-1a: nobody has a reason to make two of them alike.
        let digest = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        name = "\(stem)-\(String(digest, radix: 16)).\(ending)"
        self.mediaType = mediaType
        self.bytes = bytes
    }

    static func route() -> AdminRoutes.Route {
        AdminRoutes.Route(.get, "/assets/:file", scope: .none) { request in
            _ = try request.query()
            let name = try request.segment("file")
            guard let asset = all.first(where: { $0.name == name }) else {
                throw Problem(.notFound, detail: "there is no such file; load the page again")
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: asset.mediaType, .cacheControl: "public, max-age=31536000, immutable",
                ],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
        }
    }
}
