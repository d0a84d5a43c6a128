# shellcheck shell=bash
expect 'npm, which brings the runtime' npm --version
expect 'unzip' command -v unzip
expect 'user bench' id bench
