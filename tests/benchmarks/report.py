"""From measurements to figures: medians over the rounds, and the ratios within one run."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.benchmarks import contract_commands, limit_accuracy, odoo_mediation
from tests.benchmarks.load import Sample

RATIOS: dict[str, tuple[str, str]] = {
    "get_full_vs_envoy_jwt_ratelimit": ("get_full", "get_envoy_jwt_ratelimit"),
    "get_full_vs_nginx": ("get_full", "get_nginx"),
    "get_full_vs_node": ("get_full", "get_node"),
    "get_full_vs_asgi_aiohttp": ("get_full", "get_asgi_aiohttp"),
    "get_full_vs_no_policies": ("get_full", "get_no_policies"),
    "get_full_vs_pure": ("get_full", "get_full_pure"),
    "post_full_vs_nginx": ("post_full", "post_nginx"),
    "post_full_vs_node": ("post_full", "post_node"),
    "get_full_tls_vs_nginx_tls": ("get_full_tls", "get_nginx_tls"),
    "get_full_tls_vs_full": ("get_full_tls", "get_full"),
    "large_get_full_vs_nginx": ("large_get_full", "large_get_nginx"),
    "large_post_full_vs_nginx": ("large_post_full", "large_post_nginx"),
    "get_full_shared_vs_full": ("get_full_shared", "get_full"),
    "get_full_exact_vs_full": ("get_full_exact", "get_full"),
    "get_full_granian_vs_full": ("get_full_granian", "get_full"),
    "get_full_granian_h2_vs_full": ("get_full_granian_h2", "get_full"),
    "get_full_2_workers_vs_shared": ("get_full_2_workers", "get_full_shared"),
    "get_full_2_active_workers_vs_shared": ("get_full_2_active_workers", "get_full_shared"),
    "get_full_256_vs_32_connections": ("get_full_256", "get_full"),
}


def results(samples: Mapping[str, Sequence[Sample]]) -> dict[str, dict[str, float]]:
    """By subject (`get_full`, `post_nginx`, …), the median of each figure over its rounds."""
    return {
        name: {
            "rps": round(median(sample.measurement.rps for sample in rounds), 1),
            "p50_ms": round(median(sample.measurement.p50_ms for sample in rounds), 3),
            "p99_ms": round(median(sample.measurement.p99_ms for sample in rounds), 3),
            "upstream_connections_per_request": round(median(sample.upstream_connections for sample in rounds), 4),
            "cpu_us_per_request": round(median(sample.cpu_us for sample in rounds), 2),
        }
        for name, rounds in samples.items()
        if rounds
    }


def ratios(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    """Of requests per second; None where one of the two was not measured."""
    return {
        name: round(figures[ours]["rps"] / figures[theirs]["rps"], 3)
        if ours in figures and theirs in figures
        else None
        for name, (ours, theirs) in RATIOS.items()
    }


def cpu_ratios(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    """The same of requests per second of CPU time: what the ratios would be if nobody else used the core."""
    return {
        name: round(figures[theirs]["cpu_us_per_request"] / figures[ours]["cpu_us_per_request"], 3)
        if figures.get(ours, {}).get("cpu_us_per_request") and figures.get(theirs, {}).get("cpu_us_per_request")
        else None
        for name, (ours, theirs) in RATIOS.items()
    }


def sizes_table(sizes: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines for a reader: what the number of operations in the snapshot changes."""
    columns = (
        "rps",
        "cpu_us_per_request",
        "cpu_us_many_called",
        "load_s",
        "memory_mb",
        "steady_p99_ms",
        "swap_p99_ms",
    )
    titles = ("requests/s", "CPU µs/req.", "many called", "start s", "memory MB", "p99 ms", "p99 ms in swap")
    lines = ["", f"{'operations':14}" + "".join(f"{title:>16}" for title in titles)]
    for name, row in sizes.items():
        cells = (f"{row[column]:,.1f}" if column in row else "not measured" for column in columns)
        lines.append(f"{name:14}" + "".join(f"{cell:>16}" for cell in cells))
    return lines


def _form(report: Mapping[str, Any]) -> list[str]:
    if not report["compiled"]:
        return ["*** OUR GATEWAY IS NOT COMPILED, and slower for it ***"]
    said = "our gateway is compiled, but for full_pure"
    if report["trained"]:
        return [said]
    return [f"{said}; without training, as it was not compiled before this quick run, and a tenth slower for it"]


def table(report: Mapping[str, Any]) -> str:
    """The report for a reader."""
    lines = [
        f"{report['machine']}; load: {report['load']}",
        f"{report['pinning']}; median of {report['rounds']} interleaved rounds of {report['seconds']} s",
        *_form(report),
        "",
        f"{'':50}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU µs/req.':>14}{'upstream conn./req.':>22}",
    ]
    for name, row in report["results"].items():
        lines.append(
            f"{name:50}{row['rps']:>12,.0f}{row['p50_ms']:>10.2f}{row['p99_ms']:>10.2f}"
            f"{row['cpu_us_per_request']:>14.1f}"
            f"{row['upstream_connections_per_request']:>22.4f}"
        )
    if report.get("sizes"):
        lines += sizes_table(report["sizes"])
    lines += contract_commands.table(report.get("contracts", {}))
    lines += limit_accuracy.table(report.get("limits", {}))
    lines += odoo_mediation.table(report.get("odoo_mediation", {}))
    lines += ["", f"{'ratios':50}{'of requests/s':>16}{'per CPU time':>16}"]
    for name in report["ratios"]:
        pair = (report["ratios"][name], report["cpu_ratios"].get(name))
        shown = ["not measured" if value is None else f"{value:.2f}" for value in pair]
        lines.append(f"{name:50}{shown[0]:>16}{shown[1]:>16}")
    lines += [f"missing: {name}: {reason}" for name, reason in report["missing"].items()]
    return "\n".join(lines)
