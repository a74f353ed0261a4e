"""What the chart gives to Prometheus and Grafana speaks of metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.telemetry.metrics import METRICS

CHART = Path(__file__).parents[2] / "charts" / "ostiary"
ALERTS = yaml.safe_load((CHART / "alerts" / "gateway.yaml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((CHART / "dashboards" / "gateway.json").read_text(encoding="utf-8"))
LABELS = {metric.name: set(metric.labels) for metric in METRICS}
PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
SERIES = re.compile(r"\b((?:ostiary|process)_[a-z_]+)(?:\{([^}]*)\})?")

helm = pytest.importorskip("helm_python", reason="HELM NOT TESTED: its library has no wheel for this machine")


def expressions() -> Iterator[str]:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


@pytest.mark.parametrize("expression", [*expressions()])
def test_an_expression_is_of_metrics_and_labels_that_there_are(expression: str) -> None:
    found = SERIES.findall(expression)
    assert found
    histograms = {metric.name for metric in METRICS if metric.kind == "histogram"}
    known = set[str]()
    for name, selectors in found:
        base = name.removesuffix("_bucket")
        bare = base if base in histograms else name
        assert bare in LABELS or bare in PROCESS, name
        labels = LABELS.get(bare, set())
        known |= labels
        assert set(re.findall(r"(\w+)=", selectors)) <= labels
    for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
        assert {label.strip() for label in grouped.split(",")} <= known | {"le"}


def test_every_alert_says_what_to_do() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_panels_have_places_of_their_own() -> None:
    taken = set[tuple[int, int]]()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)


VALUES: dict[str, Any] = {
    "keys": {"existingSecret": "ostiary-keys"},
    "catalog": {"url": "https://catalog.example"},
    "estate": {"files": {"ostiary.yaml": "name: acme\nplans: {}\n"}},
}


def render(values: dict[str, Any]) -> dict[tuple[str, str], Any]:
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema({**VALUES, **values})
        manifests = chart.render({**VALUES, **values}, name="edge", namespace="apis")
    return {
        (document["kind"], document["metadata"]["name"]): document
        for name, text in manifests.items()
        if name.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    }


def test_monitoring_is_off_unless_asked_for() -> None:
    made = render({})
    assert {kind for kind, _ in made} & {"PodMonitor", "PrometheusRule"} == set()
    policy = made["NetworkPolicy", "edge-ostiary-gateway"]["spec"]["ingress"]
    assert [rule["ports"] for rule in policy] == [[{"port": "http"}]]


def test_a_gateway_is_scraped() -> None:
    scrapers = [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]
    made = render(
        {
            "monitoring": {
                "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
                "rules": {"enabled": True},
                "dashboard": {"enabled": True},
            },
            "networkPolicy": {"scrapers": scrapers},
        }
    )
    monitor = made["PodMonitor", "edge-ostiary-gateway"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    pod = made["Deployment", "edge-ostiary-gateway"]["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert (endpoint["path"], endpoint["interval"]) == ("/metrics", "15s")
    (container,) = pod["spec"]["containers"]
    assert endpoint["port"] in {port["name"] for port in container["ports"]}
    ingress = made["NetworkPolicy", "edge-ostiary-gateway"]["spec"]["ingress"]
    assert {"ports": [{"port": endpoint["port"]}], "from": scrapers} in ingress
    assert made["PrometheusRule", "edge-ostiary-gateway"]["spec"] == ALERTS
    dashboard = made["ConfigMap", "edge-ostiary-gateway-dashboard"]
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(dashboard["data"]["ostiary-gateway.json"]) == DASHBOARD


def test_traces_go_where_they_are_to() -> None:
    traces = {"url": "http://collector:4318/v1/traces", "ratio": 0.5}
    made = render({"gateway": {"traces": traces}})
    (container,) = made["Deployment", "edge-ostiary-gateway"]["spec"]["template"]["spec"]["containers"]
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert environment["OSTIARY_GATEWAY_TRACES_URL"] == traces["url"]
    assert environment["OSTIARY_GATEWAY_TRACES_RATIO"] == "0.5"
    assert environment["OSTIARY_GATEWAY_TRACES_TRUST_PARENT"] == "false"
    (container,) = render({})["Deployment", "edge-ostiary-gateway"]["spec"]["template"]["spec"]["containers"]
    assert not [entry for entry in container["env"] if "TRACES" in entry["name"]]


@pytest.mark.parametrize(
    "change",
    [
        {"monitoring": {"podMonitor": {"interval": "often"}}},
        {"monitoring": {"alerts": {}}},
        {"gateway": {"traces": {"ratio": 2}}},
    ],
)
def test_values_for_monitoring_that_cannot_work_are_refused(change: dict[str, Any]) -> None:
    with helm.Chart.load(str(CHART)) as chart, pytest.raises(helm.HelmError):
        chart.validate_schema({**VALUES, **change})
