#!/usr/bin/env python3
"""Packs a built `cordboard` for people without Rust.

    scripts/package.py BINARY TARGET [--out FOLDER]

Writes into FOLDER (default: target/package):

    cordboard-VERSION-TARGET/          what the archive contains
    cordboard-VERSION-TARGET.tar.gz    the archive; the same files give the same bytes
    cordboard-VERSION-TARGET.tar.gz.sha256

Beside the binary the archive has the example configuration, the files of deploy/, the licences, and an SBOM
(`cordboard.cdx.json`, CycloneDX 1.5): every crate in the binary by the lock file, with version, licence and checksum.
Prints the archive's path. Needs Cargo and Python's standard library; the crates must have been fetched.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = "cordboard"
FILES = ["contact-centre.yaml", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "SECURITY.md"]
FOLDERS = ["deploy"]
SBOM = "cordboard.cdx.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("target", help="the Rust target of the binary, such as x86_64-unknown-linux-gnu")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target" / "package")
    arguments = parser.parse_args()
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    name = name_of(arguments.target, version)
    folder = arguments.out / name
    fill(folder, arguments.binary, arguments.target, version)
    archive = arguments.out / f"{name}.tar.gz"
    pack(folder, archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(archive.name + ".sha256").write_text(f"{digest}  {archive.name}\n")
    print(archive)
    return 0


def name_of(target: str, version: str) -> str:
    """The name under which `cargo binstall` looks for the archive, without `.tar.gz`."""
    package = tomllib.loads((ROOT / PACKAGE / "Cargo.toml").read_text())["package"]
    file = package["metadata"]["binstall"]["pkg-url"].rsplit("/", 1)[1]
    return file.removesuffix(".tar.gz").replace("{ version }", version).replace("{ target }", target)


def fill(folder: pathlib.Path, binary: pathlib.Path, target: str, version: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(binary, folder / binary.name)
    (folder / binary.name).chmod(0o755)
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    for part in FOLDERS:
        shutil.copytree(ROOT / part, folder / part)
    bill = json.dumps(sbom(target, version), indent=1, sort_keys=True)
    (folder / SBOM).write_text(bill + "\n")


def pack(folder: pathlib.Path, archive: pathlib.Path) -> None:
    def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime = 0
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    with open(archive, "wb") as file, gzip.GzipFile("", "wb", compresslevel=6, mtime=0, fileobj=file) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in sorted([folder, *folder.rglob("*")]):
                tar.add(path, str(path.relative_to(folder.parent)), recursive=False, filter=anonymous)


def sbom(target: str, version: str) -> dict:
    """The crates that the binary is linked from, as CycloneDX."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", target]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    checksums = {
        (package["name"], package["version"]): package.get("checksum")
        for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    }
    packages = {package["id"]: package for package in metadata["packages"]}
    linked = linked_packages(metadata)
    components = [component(packages[identifier], checksums) for identifier in sorted(linked)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": PACKAGE, "name": PACKAGE, "version": version},
            "properties": [{"name": "rust:target", "value": target}],
        },
        "components": components,
    }


def linked_packages(metadata: dict) -> set[str]:
    """The identifiers of the package's dependencies at run time, without those of build scripts and tests."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = next(package["id"] for package in metadata["packages"] if package["name"] == PACKAGE)
    linked, open_ids = set(), [root]
    while open_ids:
        for dependency in nodes[open_ids.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and dependency["pkg"] not in linked:
                linked.add(dependency["pkg"])
                open_ids.append(dependency["pkg"])
    return linked


def component(package: dict, checksums: dict) -> dict:
    name, version = package["name"], package["version"]
    found = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version}
    if package["license"]:
        # Old manifests separate licences with a slash.
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["source"]:
        found["purl"] = f"pkg:cargo/{name}@{version}"
    if checksum := checksums.get((name, version)):
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return found


if __name__ == "__main__":
    sys.exit(main())
