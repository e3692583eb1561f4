// The program: runs the commands of StintCommands; the service is in StintService.

import StintCommands

@main
struct Stint {
    static func main() async { await StintCommand.main() }
}
