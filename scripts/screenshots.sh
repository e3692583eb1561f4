#!/usr/bin/env bash
# Replaces the screenshots of the dashboard in docs/screenshots, with two minutes of traffic. Check
# them before you commit them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/deps.sh test
mkdir -p docs/screenshots
STINT_SCREENSHOTS="$PWD/docs/screenshots" swift test --disable-xctest --filter ScreenshotTests "$@"
ls -l docs/screenshots
