"""JUnit's XML, which every CI shows: a suite for each file, a failed case for each error and warning."""

from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.reports.entry import Entry, Report

_NO_XML: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")


def render_junit(report: Report) -> str:
    """Remarks are cases that pass and say what they found; a report without findings is one case that passes."""
    root = Element("testsuites", name=report.tool)
    total = failed = 0
    for file, group in groupby(sorted(report.entries, key=_file), _file):
        entries = list(group)
        failures = sum(entry.severity != "info" for entry in entries)
        suite = SubElement(root, "testsuite", name=_text(file), tests=str(len(entries)), failures=str(failures))
        for entry in entries:
            _case(suite, entry)
        total += len(entries)
        failed += failures
    if not report.entries:
        suite = SubElement(root, "testsuite", name=_text(report.title), tests="1", failures="0")
        SubElement(suite, "testcase", classname=report.tool, name="no findings")
        total = 1
    root.set("tests", str(total))
    root.set("failures", str(failed))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _file(entry: Entry) -> str:
    return entry.place.file


def _case(suite: Element, entry: Entry) -> None:
    where = entry.place.pointer or "/"
    case = SubElement(
        suite,
        "testcase",
        classname=entry.rule,
        name=_text(f"{where} ({entry.fingerprint})"),
        file=_text(entry.place.file),
    )
    if entry.place.line:
        case.set("line", str(entry.place.line))
    if entry.severity == "info":
        SubElement(case, "system-out").text = _text(str(entry))
    else:
        message = f"{entry.operation}: {entry.message}" if entry.operation else entry.message
        failure = SubElement(case, "failure", type=entry.severity, message=_text(message))
        failure.text = _text(f"{entry}\n{entry.why}".rstrip())


def _text(text: str) -> str:
    """Without the characters that XML 1.0 (§2.2) cannot hold in any form."""
    return text.translate(_NO_XML).encode("utf-8", "replace").decode()
