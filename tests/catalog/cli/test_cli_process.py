"""The command as a process: what it imports, how it ends, and how it prints on a terminal and into a pipe."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.estates import write_estate

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "catalog.cli.main"]
DATA = ROOT / "tests" / "data"

# Each of these costs more than all of `ostiary --help` may.
HEAVY = (
    "rich",
    "msgspec",
    "yaml",
    "limits",
    "aiohttp",
    "sqlalchemy",
    "pydantic",
    "starlette",
    "jsonschema",
    "authlib",
)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def on_a_terminal(*arguments: object, columns: int, answers: bytes = b"") -> tuple[int, str]:
    """Runs the command on a pseudo-terminal of that width; gives its exit code and all it printed."""
    leader, follower = pty.openpty()
    command = [*COMMAND, *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=follower, stdout=follower, stderr=follower, close_fds=True
    )
    os.close(follower)
    os.write(leader, answers)
    printed = b""
    while True:
        try:
            data = os.read(leader, 65_536)
        except OSError:  # Linux: the other side is closed
            break
        if not data:
            break
        printed += data
    os.close(leader)
    return process.wait(), printed.decode().replace("\r\n", "\n")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom catalog.cli.main import build\n"
        "try:\n    build()(['--help'], prog_name='ostiary')\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "check" in result.stdout
    assert result.stderr == "\n"


def test_help_names_every_command_with_a_summary_that_is_not_cut() -> None:
    text = run("--help").stdout
    for command in ("demo", "init", "add", "check", "routes", "schema", "up", "gateway", "token", "catalog"):
        (line,) = re.findall(rf"^  {command}  +.*$", text, re.MULTILINE)
        assert not line.endswith("...")


def test_the_version_is_the_distributions() -> None:
    result = run("--version")
    assert (result.returncode, result.stdout.split()[0]) == (0, "ostiary")
    assert result.stdout.endswith(("(gateway: pure Python)\n", "(gateway: compiled)\n"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", DATA / "broken-estate"), 1),
        (("check", DATA), 2),
        (("chekc",), 2),
        (("check", "--nope"), 2),
        (("init", DATA / "petstore.yaml" / "below"), 2),
        ((), 2),
    ],
)
def test_a_mistake_ends_with_its_code_and_never_with_a_traceback(arguments: tuple[object, ...], code: int) -> None:
    result = run(*arguments)
    assert result.returncode == code
    assert "Traceback" not in result.stderr
    assert result.stdout or result.stderr


def test_a_reader_that_goes_away_is_no_failure_to_report() -> None:
    process = subprocess.Popen(
        [*COMMAND, "check", "tests/data/broken-estate"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate()
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors


def test_a_pipe_gets_whole_lines_and_no_colours(tmp_path: Path) -> None:
    result = run("routes", write_estate(tmp_path))
    assert "\x1b" not in result.stdout
    (row,) = (line for line in result.stdout.splitlines() if "addBook" in line)
    words = " ".join(row.split())
    assert words == "POST /books/v1/books addBook (costs 2) books:write json body up to 16 KiB bookshop"


@pytest.mark.parametrize("columns", [100, 60])
def test_a_table_keeps_to_the_terminals_width(tmp_path: Path, columns: int) -> None:
    code, text = on_a_terminal("routes", write_estate(tmp_path), columns=columns)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert plain != text, "a terminal gets colours"
    rows = plain[plain.index("METHOD") :].splitlines()
    assert max(map(len, rows)) <= columns
    if columns == 100:
        assert [row.split()[0] for row in rows if row.lstrip()[:1].isupper()] == ["METHOD", "GET", "POST", "GET"]
        assert "/books/{isbn}  getBook" in plain, "the base path is not repeated on a terminal"


def test_on_a_terminal_add_asks_for_what_was_not_given(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    code, text = on_a_terminal(
        "add", DATA / "petstore.yaml", "--estate", root, "--owner", "books", columns=100, answers=b"pets\nv2\n\n\n"
    )
    assert code == 0, text
    assert "Name of the API [petstore]:" in text
    assert "Owner" not in text.partition("pets v2")[0], "what was given is not asked for"
    assert (root / "apis/pets/v2.openapi.yaml").is_file()
