"""The programs in README.md and in the guide run as they are printed."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
HOST = "http://127.0.0.1:9000"
PAGE = {"python": "README.md", "js": "docs/guide/rest-api.md"}
RUN = {"python": [sys.executable, "-c"], "js": ["node", "--input-type=module", "--eval"]}


@pytest.mark.parametrize("language", RUN)
def test_printed_program_runs(language: str) -> None:
    (program,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / PAGE[language]).read_text(), re.DOTALL)
    assert HOST in program
    assert len(program.strip().splitlines()) <= 12
    program = program.replace(HOST, os.environ["CORDBOARD_URL"])
    result = subprocess.run([*RUN[language], program], cwd=ROOT / "clients", capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "Maya Available" in result.stdout
