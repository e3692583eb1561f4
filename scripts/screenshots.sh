#!/usr/bin/env bash
# Takes the pictures of the dashboard in docs/screenshots anew, with two minutes of traffic. To be
# looked at before they are committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/deps.sh test
mkdir -p docs/screenshots
STINT_SCREENSHOTS="$PWD/docs/screenshots" swift test --disable-xctest --filter ScreenshotTests "$@"
ls -l docs/screenshots
