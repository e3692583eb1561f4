// The admin API as a service, with the message for the one error that its start can have.

import AdminAPI
import Foundation
import Hummingbird
import NIOCore
import ServiceLifecycle

struct AdminService: Service {
    let server: AdminServer
    let address: Address

    func run() async throws {
        do {
            try await server.service.run()
        } catch let error as IOError {
            throw StartError(
                description:
                    "admin.address: cannot listen on \(address): \(String(cString: strerror(error.errnoCode))). "
                    + "Type for example: --admin-address 127.0.0.1:0, which takes a free port")
        }
    }
}
