// The version of Stint: what `--version`, the log of the start, the OpenAPI document and the metric
// `stint_build_info` say. CHANGELOG.md has a section for it.

public enum Version {
    /// Semantic versioning: MAJOR.MINOR.PATCH.
    public static let text = "0.2.0"
}
