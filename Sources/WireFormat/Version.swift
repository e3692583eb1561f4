// The version of Stint, for `--version`, the log at the start, the OpenAPI document and the metric
// `stint_build_info`. CHANGELOG.md has a section for it.

public enum Version {
    /// Semantic versioning: MAJOR.MINOR.PATCH.
    public static let text = "0.2.0"
}
