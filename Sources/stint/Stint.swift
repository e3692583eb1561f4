// The program: everything is in StintCommands, and what it serves in StintService.

import StintCommands

@main
struct Stint {
    static func main() async { await StintCommand.main() }
}
