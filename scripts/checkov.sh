#!/usr/bin/env bash
# Checks template.yaml with checkov at the version this project is built with, installed from PyPI into .venv:
#
#   scripts/checkov.sh
#
# An exception has its reason beside it in the template: for all resources in the list at the beginning, as
# `# CKV_…: reason`, and for one resource in it, as `# checkov:skip=CKV_…:reason`.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PACKAGE=checkov==3.3.30
tools=$(scripts/pypi_tool.sh "$PACKAGE")

exceptions=$(sed -n 's/^# *\(CKV_[A-Z0-9_]*\): .*/\1/p' template.yaml | paste -sd,)
# Without the network: descriptions and policies of checkov's own platform are not needed.
LOG_LEVEL=ERROR exec "$tools/checkov" --file template.yaml --framework cloudformation --skip-download \
  --skip-check "$exceptions" --quiet --compact
