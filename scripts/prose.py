#!/usr/bin/env python3
"""Measures the rules of language in CONTRIBUTING.md, and fails when one is violated.

    scripts/prose.py           # the measures
    scripts/prose.py --list    # also lists the idioms, as file:line
"""

import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

IDIOMS = set(
    "nobody somebody anybody everybody whoever whom anew told tells stands stood goes gone came meanwhile mended elsewhere".split()
)
IDIOMS_PER_1000_MAX = 2
TEST_NAME_MEDIAN_MAX = 40
README_LINES_MAX = 150
ARCHITECTURE_WORDS_MAX = 2000

# Concepts that the code has. `git grep -il` of each must find the file that implements it.
TERMS = [
    "reconcile", "backoff", "retry", "publish", "batch", "expired", "cursor", "harness", "idempotent", "deduplicate",
    "contention", "throttle", "backfill", "dead letter", "long poll", "cache", "rollback", "service level",
    "queue membership", "graceful shutdown",
]  # fmt: skip
SOURCES = [f":(glob){folder}/**/*.rs" for folder in ("crates", "functions", "shared", "cordboard")]
FILES_SHOWN = 5

ROOT = Path(__file__).resolve().parents[1]
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
# The tokens of Rust that matter here, so that a `//` in a string is no comment and a quote in a comment no string.
RUST = re.compile(
    r"""(?P<comment>//[^\n]*)
      | (?P<block>/\*.*?\*/)
      | b?r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes)
      | b?"(?P<string>(?:\\.|[^"\\])*)"
      | b?'(?:\\.[^']*|[^'\\])'""",
    re.S | re.X,
)
TEST = re.compile(r"#\[(?:\w+::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*|//[^\n]*\n\s*)*(?:async\s+)?fn\s+(\w+)")


def git(*arguments):
    # `git grep` exits with 1 when it finds nothing.
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blank(match):
    """Replaces the match by spaces, so that line numbers do not change."""
    return re.sub(r"[^\n]", " ", match[0])


def words(name, text, line=1):
    """(word, file, line) of each word of `text`, which begins in that line; code in backticks is no prose."""
    text = re.sub(r"`[^`\n]*`", blank, text)
    return [(match[0].lower(), name, line + text.count("\n", 0, match.start())) for match in WORD.finditer(text)]


def rust_prose(names):
    """The words of comments, and those of string literals."""
    comments, strings = [], []
    for name in names:
        text = read(name)
        for match in RUST.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            comment = match["comment"] or match["block"]
            string = match["raw"] or match["string"]
            if comment:
                comments += words(name, comment, line)
            elif string:
                strings += words(name, string, line)
    return comments, strings


def markdown_prose(names):
    fenced = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1 *$", re.S | re.M)
    return [word for name in names for word in words(name, fenced.sub(blank, read(name)))]


def report(holds, text):
    print(f"{'ok  ' if holds else 'FAIL'}  {text}")
    return holds


def check_idioms(group, prose, show):
    found = [(word, name, line) for word, name, line in prose if word in IDIOMS]
    rate = 1000 * len(found) / max(len(prose), 1)
    most = ", ".join(f"{word} {count}" for word, count in Counter(word for word, _, _ in found).most_common(5))
    holds = report(
        rate <= IDIOMS_PER_1000_MAX,
        f"{group}: {rate:.2f} idioms per 1,000 words, at most {IDIOMS_PER_1000_MAX} ({len(found)} of {len(prose):,}; {most or 'none'})",
    )
    for word, name, line in found if show else []:
        print(f"      {name}:{line}: {word}")
    return holds


def check_test_names(names):
    lengths = [len(test) for name in names for test in TEST.findall(read(name))]
    median = statistics.median(lengths or [0])
    return report(
        median <= TEST_NAME_MEDIAN_MAX,
        f"test names: median {median:g} characters, at most {TEST_NAME_MEDIAN_MAX} ({len(lengths):,} tests, longest {max(lengths, default=0)})",
    )


def check_term(term):
    """The files that name the term, most mentions first."""
    counts = [line.rsplit(":", 1) for line in git("grep", "-i", "--count", "--fixed-strings", "-e", term, "--", *SOURCES)]
    files = sorted(counts, key=lambda entry: -int(entry[1]))
    shown = " ".join(f"{name}:{count}" for name, count in files[:FILES_SHOWN])
    more = f" and {len(files) - FILES_SHOWN} more" if len(files) > FILES_SHOWN else ""
    return report(files != [], f"term {term}: {shown or 'in no source'}{more}")


def main():
    show = sys.argv[1:] == ["--list"]
    if sys.argv[1:] and not show:
        sys.exit(__doc__)
    tracked = [name for name in git("ls-files") if (ROOT / name).is_file()]
    rust = [name for name in tracked if name.endswith(".rs")]
    top = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"}
    docs = [
        name
        for name in tracked
        if name in top or name.startswith("docs/") and name.endswith(".md") and not name.startswith("docs/reference/")
    ]
    comments, strings = rust_prose(rust)
    readme_lines = len(read("README.md").splitlines())
    architecture_words = len(read("ARCHITECTURE.md").split())
    results = [
        check_idioms("comments", comments, show),
        check_idioms("docs", markdown_prose(docs), show),
        check_idioms("strings", strings, show),
        check_test_names(rust),
        report(readme_lines <= README_LINES_MAX, f"README.md: {readme_lines} lines, at most {README_LINES_MAX}"),
        report(
            architecture_words <= ARCHITECTURE_WORDS_MAX,
            f"ARCHITECTURE.md: {architecture_words:,} words, at most {ARCHITECTURE_WORDS_MAX:,}",
        ),
        *[check_term(term) for term in TERMS],
    ]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
