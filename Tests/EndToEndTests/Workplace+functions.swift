// Folders of functions for cases that the samples do not have.

import Foundation
import Glibc

extension Workplace {
    /// A directory where functions may write, whoever runs them.
    var open: String {
        get throws {
            let path = file("open")
            if mkdir(path, 0o755) == 0 { chmod(path, 0o1777) }
            return path
        }
    }

    /// Writes a folder of functions.
    /// - Parameter functions: their text by endpoint; each is called with GET or POST.
    /// - Returns: its path.
    func functions(
        _ functions: [String: String], environment: [String: String] = [:], secrets: [String] = []
    ) throws -> String {
        let name = "\(UUID().uuidString).functions"
        // The runner's workers may be other users.
        chmod(file("."), 0o711)
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: false)
        for (endpoint, text) in functions { _ = try write(text, to: "\(name)/\(endpoint).js") }
        let endpoints = functions.keys.map {
            #""\#($0)": {"file": "\#($0).js", "method": ["GET", "POST"]}"#
        }
        let environment = String(decoding: try JSONEncoder().encode(environment), as: UTF8.self)
        let secrets = String(decoding: try JSONEncoder().encode(secrets), as: UTF8.self)
        _ = try write(
            """
            {"runtime": "nodejs18.x", "version": "1.0", "environment": \(environment), "secrets": \(secrets),
             "endpoints": {\(endpoints.sorted().joined(separator: ","))}}
            """, to: "\(name)/serverless.json")
        return file(name)
    }
}
