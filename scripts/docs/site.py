#!/usr/bin/env python3
"""Generates the pages of the docs site from the repository's Markdown files: `site.py build|serve|check`.

A page has the path of its file, so links between Markdown files work unchanged. Other files of the repository that a
page links to (sources, scripts, folders) become pages that show them. NAVIGATION below is the navigation; a folder
lists its index, then its files in the order of the index's links, then the others by name.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

NAVIGATION = [
    ("Home", "README.md"),
    ("Guide", "docs/guide"),
    ("Architecture", "ARCHITECTURE.md"),
    ("Internals", "docs/internals"),
    ("Decisions", "docs/decisions"),
    ("Reference", "docs/reference"),
    ("Glossary", "docs/glossary.md"),
    ("Benchmarks", "docs/benchmarks.md"),
    ("Conformance", "docs/conformance.md"),
    ("Client libraries", "clients/README.md"),
    ("Contributing", "CONTRIBUTING.md"),
    ("Security", "SECURITY.md"),
    ("Changelog", "CHANGELOG.md"),
]
ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
CONFIGURATION = TARGET / "zensical.toml"
PAGES = TARGET / "docs-pages"
INDEXES = ("README.md", "index.md")
PICTURES = {".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"}
LANGUAGES = {".rs": "rust", ".sh": "bash", ".py": "python", ".mjs": "js", ".yaml": "yaml", ".toml": "toml", ".json": "json"}

# Targets of inline links and pictures, of reference definitions, and of attributes in HTML.
LINK = re.compile(r'\]\(\s*<?([^\s<>()]+)>?[^()]*\)|^ {0,3}\[(?!\^)[^\]]+\]:\s*<?([^\s<>]+)|\b(?:src|href)="([^"]+)"', re.M)
FENCE = re.compile(r" *(?:> ?)*(`{3,}|~{3,})")
ITEM = re.compile(r"( *)([-*+]|\d+[.)]) +")


def repository_files():
    """Tracked files and new ones that are not ignored, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    return {name for name in listed if name and (ROOT / name).is_file()}


def masked(text):
    """`text` with code and comments replaced by blanks; offsets and line numbers do not change."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    lines, fence = [], None
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        inside = fence is not None
        if mark and not inside:
            fence = mark[1]
        elif mark and mark[1].startswith(fence or "") and line.strip(" >\n") == mark[1]:
            fence = None
        lines.append(re.sub(r"[^\n]", " ", line) if inside or mark else line)
    text = "".join(lines)
    text = re.sub(r"<!--.*?-->", blank, text, flags=re.S)
    return re.sub(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", blank, text, flags=re.S)


def links(text):
    """Each relative link as (start, end, target) in `text`."""
    for match in LINK.finditer(masked(text)):
        group = match.lastindex
        target = match[group]
        if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", target):
            yield match.start(group), match.end(group), target


def anchors(text):
    """The anchors that the code host derives from a file's headings, and the explicit ones."""
    found, seen = set(re.findall(r'<\w+ [^>]*\b(?:id|name)="([^"]+)"', text)), {}
    for line, visible in zip(text.splitlines(), masked(text).splitlines()):
        heading = re.match(r" {0,3}#{1,6}\s+(.*?)\s*#*\s*$", line)
        if not heading or not visible.strip():
            continue
        words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>", r"\1", heading[1])
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return found


def resolve(source, target):
    """The file or folder of the repository that `target` refers to in `source`, and the anchor: ("docs/glossary.md", "a")."""
    path, _, anchor = target.partition("#")
    if not path:
        return source, anchor
    return os.path.normpath(os.path.join(os.path.dirname(source), unquote(path))), anchor


def folders_of(files):
    return {str(parent) for name in files for parent in Path(name).parents}


def check():
    """Prints each broken link as file:line. True without broken links."""
    files = repository_files()
    folders, texts, broken = folders_of(files), {}, []
    def text_of(name):
        return texts.setdefault(name, (ROOT / name).read_text(encoding="utf-8"))
    pages = sorted(name for name in files if name.endswith(".md"))
    for name in pages:
        for start, _, target in links(text_of(name)):
            path, anchor = resolve(name, target)
            if target.startswith("/"):
                problem = "is absolute"
            elif path not in files and path not in folders:
                problem = "does not exist"
            elif anchor and path.endswith(".md") and anchor not in anchors(text_of(path)):
                problem = "has no such anchor"
            else:
                continue
            line = text_of(name).count("\n", 0, start) + 1
            broken.append(f"{name}:{line}: {target} {problem}")
    listed = {page for _, group in navigation(files) for page in ([group] if isinstance(group, str) else group)}
    broken += [f"{path}: is in the navigation and does not exist" for path in sorted(listed - files)]
    broken += [f"{name}: is not in the navigation" for name in pages if name.startswith("docs/") and name not in listed]
    print("\n".join(broken) or f"{len(pages)} Markdown files: every relative link and anchor resolves")
    return not broken


def navigation(files):
    """NAVIGATION with each folder replaced by the list of its pages."""
    for title, path in NAVIGATION:
        inside = sorted(name for name in files if name.startswith(path + "/") and name.endswith(".md"))
        for index in {f"{path}/{name}" for name in INDEXES} & set(inside):
            linked = [resolve(index, target)[0] for _, _, target in links((ROOT / index).read_text(encoding="utf-8"))]
            order = {name: rank for rank, name in reversed(list(enumerate([index, *linked])))}
            inside.sort(key=lambda name: order.get(name, len(order) + len(linked)))
        yield title, inside if inside else path


def python_markdown_lists(text):
    """Lists as the generator's Python-Markdown reads them: a blank line before the first item and around fenced code, and
    four spaces for each level. The code host's CommonMark needs neither."""
    lines, offsets, fence, shift, paragraph = [], [], None, 0, False
    for line in text.splitlines():
        mark = FENCE.match(line)
        if fence:
            lines.append(" " * shift + line if line else line)
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                lines.append("")
                fence = None
            continue
        if not line.strip():
            lines.append(line)
            paragraph = False
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = ITEM.match(line)
        in_list = bool(offsets)
        # A line that continues an item's paragraph may be less indented than the paragraph.
        if item or mark or not paragraph:
            while offsets and indent < offsets[-1]:
                offsets.pop()
        if paragraph and (mark or item and not in_list):
            lines.append("")
        shift = 4 * len(offsets) - offsets[-1] if offsets else 0
        lines.append(" " * max(indent + shift, 0) + line.lstrip(" "))
        if item:
            offsets.append(item.end())
        fence = mark[1] if mark else None
        paragraph = not mark
    return "\n".join(lines) + "\n"


def shown(name, files):
    """The page that shows a file or folder of the repository that is not a page itself."""
    hidden = f"---\nsearch:\n  exclude: true\n---\n\n# {name}\n\n"
    if name not in files:
        inside = "\n".join(sorted(file for file in files if name == "." or file.startswith(name + "/")))
        return f"{hidden}```text\n{inside}\n```\n"
    content = (ROOT / name).read_text(encoding="utf-8", errors="replace")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", content))])
    return f"{hidden}{fence}{LANGUAGES.get(Path(name).suffix, 'text')}\n{content}\n{fence}\n"


def write_page(name, content):
    """Writes the page only if it changed, so that a running server rebuilds nothing else."""
    page = PAGES / name
    page.parent.mkdir(parents=True, exist_ok=True)
    content = content if isinstance(content, bytes) else content.encode()
    if not page.exists() or page.read_bytes() != content:
        page.write_bytes(content)


def stage():
    """Writes the pages and the configuration of the generator into target."""
    files = repository_files()
    for name in sorted(name for name in files if name.endswith(".md") and not name.startswith(".github/")):
        text = (ROOT / name).read_text(encoding="utf-8")
        for start, end, target in reversed(list(links(text))):
            path, anchor = resolve(name, target)
            if path.endswith(".md"):
                continue
            if Path(path).suffix in PICTURES:
                write_page(path, (ROOT / path).read_bytes())
                continue
            indexes = [os.path.normpath(f"{path}/{index}") for index in INDEXES]
            page = next((index for index in indexes if index in files), f"{path}.md")
            if page not in files:
                write_page(page, shown(path, files))
            text = text[:start] + os.path.relpath(page, os.path.dirname(name) or ".") + text[end:]
        write_page(name, python_markdown_lists(text))
    groups = []
    for title, group in navigation(files):
        pages = f'"{group}"' if isinstance(group, str) else "[" + ", ".join(f'"{page}"' for page in group) + "]"
        groups.append(f'  {{ "{title}" = {pages} }},')
    template = (ROOT / "scripts/docs/zensical.toml").read_text(encoding="utf-8")
    configuration = template.replace("nav = []", "nav = [\n" + "\n".join(groups) + "\n]")
    CONFIGURATION.write_text(configuration, encoding="utf-8")


def newest_change():
    return max((ROOT / name).stat().st_mtime for name in repository_files() if name.endswith(".md"))


def main(command):
    if command != "serve" and not check():
        sys.exit(1)
    if command == "check":
        return
    shutil.rmtree(PAGES, ignore_errors=True)
    stage()
    generator = ["zensical", command, "--config-file", str(CONFIGURATION)]
    if command == "build":
        sys.exit(subprocess.run([*generator, "--clean", "--strict"], check=False).returncode)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = subprocess.Popen([*generator, "--dev-addr", "127.0.0.1:8000"])
    changed = newest_change()
    try:
        while server.poll() is None:
            time.sleep(1)
            if newest_change() != changed:
                changed = newest_change()
                stage()
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()


if __name__ == "__main__":
    main(sys.argv[1])
