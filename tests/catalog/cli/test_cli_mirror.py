"""`ostiary mirror`, against admin listeners that say what a test has them say."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
from click.testing import Result
from typer.testing import CliRunner

from catalog.cli.main import build
from contracts.mirror_report import Difference, Mirrored, MirrorReport


def said(operation: str, *differences: Difference, **outcomes: int) -> Mirrored:
    return Mirrored(
        "orders", "v1", operation, "next", 0, outcomes, {"failed": {"upstream-timeout": 1}}, differences
    )


@contextmanager
def admin(text: bytes, status: int = 200) -> Iterator[str]:
    """Where that is the report."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/mirror" else 404)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(), ["mirror", *arguments])


def test_reports_of_several_gateways_are_one() -> None:
    one = MirrorReport((said("getOrder", Difference("value", "/sku", 2, ("a", "b")), equal=5, different=2),))
    other = MirrorReport(
        (
            said(
                "getOrder", Difference("value", "/sku", 1, ("c", "d")), Difference("status", "200 404", 4), equal=1
            ),
            said("listOrders", equal=9),
        )
    )
    with admin(msgspec.json.encode(one)) as first, admin(msgspec.json.encode(other)) as second:
        result = run("--gateway", first, "--gateway", second)
        assert result.exit_code == 1
        lines = [line.split() for line in result.stdout.splitlines()]
        assert ["orders", "v1", "getOrder", "next", "6", "2", "0", "0", "0", "0"] in lines
        assert ["orders", "v1", "listOrders", "next", "9", "0", "0", "0", "0", "0"] in lines
        assert ["value", "/sku", "3", "b", "c", "d"] in lines
        assert ["status", "200", "404", "4"] in lines
        assert ["failed:", "upstream-timeout", "2"] in lines
        found = json.loads(run("orders", "--version", "v1", "--gateway", second, "--json").stdout)
        assert [each["operation"] for each in found["mirrors"]] == ["getOrder", "listOrders"]
        assert run("shipments", "--gateway", first).exit_code == 0


def test_without_a_difference_all_is_well() -> None:
    with admin(msgspec.json.encode(MirrorReport((said("listOrders", equal=9),)))) as url:
        assert run("--gateway", url).exit_code == 0
    with admin(msgspec.json.encode(MirrorReport(()))) as url:
        result = run("--gateway", url)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "No call was copied." in result.stderr


def test_what_is_no_gateway_is_told() -> None:
    for text, status in ((b"<html>", 200), (b"{}", 200), (b"no", 404)):
        with admin(text, status) as url:
            result = run("--gateway", url)
            assert (result.exit_code, result.stdout) == (2, "")
            assert url in result.stderr
    assert run("--gateway", "ftp://x").exit_code == 2
    assert run("--gateway", "http://127.0.0.1:9").exit_code == 2
