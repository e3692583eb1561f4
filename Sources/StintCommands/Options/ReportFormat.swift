// The output formats of commands: for people, or for machines.

import ArgumentParser

enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}
