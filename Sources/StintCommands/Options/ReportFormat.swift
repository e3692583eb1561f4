// How the commands print what they found: for people, or for machines.

import ArgumentParser

enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}
