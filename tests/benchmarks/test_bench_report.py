"""Medians, ratios and the report's form."""

import dataclasses
import json

import pytest

from tests.benchmarks import half_load, pairs, report, rounds, run
from tests.benchmarks.load import Measurement, Sample
from tests.benchmarks.peers import PEERS


def sample(rps, opened=0.0, cpu=20.0):
    return Sample(Measurement(rps, 1.0, 3.0, int(rps)), opened, cpu)


def test_each_figure_is_the_median_of_its_rounds():
    figures = report.results({"get_full": [sample(30, 0.3), sample(10), sample(20, 0.1)], "get_nginx": []})
    assert figures == {
        "get_full": {
            "rps": 20,
            "p50_ms": 1.0,
            "p99_ms": 3.0,
            "upstream_connections_per_request": 0.1,
            "cpu_us_per_request": 20.0,
        }
    }


def test_a_ratio_needs_both():
    figures = report.results({"get_full": [sample(30)], "get_nginx": [sample(60)], "post_full": [sample(5)]})
    ratios = report.ratios(figures)
    assert ratios["get_full_vs_nginx"] == 0.5
    assert ratios["get_full_vs_node"] is None
    assert ratios["post_full_vs_nginx"] is None


def test_a_ratio_of_cpu_time_is_the_other_way_round():
    figures = report.results({"get_full": [sample(30, cpu=40.0)], "get_nginx": [sample(60, cpu=10.0)]})
    assert report.cpu_ratios(figures)["get_full_vs_nginx"] == 0.25
    unknown = report.results({"get_full": [sample(30, cpu=0.0)], "get_nginx": [sample(60, cpu=0.0)]})
    assert report.cpu_ratios(unknown)["get_full_vs_nginx"] is None


def test_a_missing_peer_is_named_with_its_reason():
    figures = report.results({"get_full": [sample(30)]})
    document = {
        "machine": "M",
        "compiled": True,
        "trained": True,
        "load": "wrk",
        "pinning": "P",
        "rounds": 3,
        "seconds": 1,
        "results": figures,
        "ratios": report.ratios(figures),
        "cpu_ratios": report.cpu_ratios(figures),
        "missing": {"node": "no Node here"},
    }
    text = report.table(document)
    assert "missing: node: no Node here" in text
    assert "get_full_vs_node" in text
    assert "not measured" in text
    assert "without training" not in text
    assert "a tenth slower" in report.table(document | {"trained": False})


def test_every_subject_of_a_ratio_is_measured_or_missing():
    measured = {name: peer for name, peer, *_ in run.SUBJECTS + run.FULL_ONLY}
    for subjects in report.RATIOS.values():
        for name in subjects:
            assert name in measured
    assert set(measured.values()) == set(PEERS)


def test_a_run_whose_peers_do_not_start_still_reports(tmp_path, monkeypatch):
    """With nothing to measure there is still a document, and it names each peer that is not there."""

    class Backend:
        port = 1

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    def absent(setting, name):
        raise run.PeerError(f"{name} is not installed")

    def cannot(*, trained):
        raise run.hot_path.CannotCompileError("there is no C compiler")

    monkeypatch.setattr(run, "upstream", lambda directory, core: Backend())
    monkeypatch.setattr(rounds, "PEERS", dict.fromkeys(PEERS, absent))
    monkeypatch.setattr(run, "nginx_binary", lambda: "nginx")
    monkeypatch.setattr(run.world, "build", lambda: run.world.World(("t",), {}, ("/a",), ("/b",), b"{}"))
    monkeypatch.setattr(run.hot_path, "build", cannot)
    document = run.measure_all(run.SUBJECTS, tmp_path, 1, 0.1, 0.1)
    assert document["results"] == {}
    half = {half_load.DIRECT, *half_load.PEERS}
    assert set(document["missing"]) == {name for _, name, *_ in run.SUBJECTS} | half | {"compiled_gateway"}
    assert "NOT COMPILED" in report.table(document)
    assert json.loads(json.dumps(document)) == document


def test_an_unknown_subject_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["run.py", "--only", "get_nonsense"])
    with pytest.raises(SystemExit) as stopped:
        run.main()
    assert stopped.value.code == 2
    assert "get_nonsense" in capsys.readouterr().err


def test_half_of_saturation_is_of_the_slower_of_the_two():
    figures = report.results({"get_full": [sample(30)], "get_envoy_jwt_ratelimit": [sample(20)]})
    assert half_load.rate_of(figures) == 10
    assert half_load.rate_of(report.results({"get_full": [sample(30)]})) == 15
    assert half_load.rate_of(report.results({"get_envoy_jwt_ratelimit": [sample(20)]})) is None


def test_what_is_added_is_what_is_left_without_the_direct_call():
    def times(p50, p99):
        return {"p50_ms": p50, "p99_ms": p99}

    figures = {
        "half_direct": times(1.0, 2.0),
        "half_full": times(2.0, 3.0),
        "half_envoy_jwt_ratelimit": times(1.5, 2.0),
    }
    assert half_load.added(figures) == {
        "half_load_added_p50_full_vs_envoy": 2.0,
        "half_load_added_p99_full_vs_envoy": None,  # Envoy added nothing that could be measured
    }
    del figures["half_direct"]
    assert set(half_load.added(figures).values()) == {None}


def test_two_workers_are_compared_by_cpu_time_in_pairs():
    """What slows the machine for a while slows both of a pair."""

    def samples(*microseconds):
        return [dataclasses.replace(sample(10), cpu_us=each) for each in microseconds]

    found = pairs.ratios(
        {
            "half_full_shared_for_full_2_workers": samples(80, 160, 40),
            "half_full_2_workers": samples(84, 160, 48),
            "saturated_full_shared_for_full_2_workers_32": samples(40),
            "saturated_full_2_workers_32": samples(44),
            "saturated_full_shared_for_full_2_active_workers_64": samples(40),
            "saturated_full_2_active_workers_64": samples(48),
            "saturated_nginx_2_workers_64": samples(40),
            "saturated_nginx_for_nginx_2_workers_32": samples(0.0),
            "saturated_nginx_2_workers_32": samples(0.0),
        }
    )
    assert {name for name, ratio in found.items() if ratio is None} == {
        "cpu_2_active_workers_vs_shared_32_connections",
        "cpu_2_active_workers_vs_shared_128_connections",
        "nginx_cpu_2_workers_vs_1_32_connections",
        "nginx_cpu_2_workers_vs_1_64_connections",
        "nginx_cpu_2_workers_vs_1_128_connections",
        "half_load_added_p50_ms_by_exact_limits",
    }
    assert found["half_load_cpu_2_workers_vs_shared"] == 1.05
    assert found["cpu_2_workers_vs_shared"] == 1.1
    assert found["cpu_2_active_workers_vs_shared_64_connections"] == 1.2


def test_pairs_are_measured_in_turns():
    rps = {"get_full": 30, "get_full_shared": 28, "get_full_2_workers": 24, "get_full_exact": 8}
    rps |= {"get_full_2_active_workers": 22}
    figures = report.results({name: [sample(each)] for name, each in rps.items()})
    peers = {name.removeprefix("get_") for name in rps}
    planned = list(pairs.plan(figures, peers | {"nginx"}))
    assert (
        planned[: 2 * pairs.PAIRS]
        == [
            ("saturated_full_shared_for_full_2_workers_32", "full_shared", 32, None),
            ("saturated_full_2_workers_32", "full_2_workers", 32, None),
        ]
        * pairs.PAIRS
    )
    half = [turn for turn in planned if turn.rate is not None]
    assert (
        half
        == [
            ("half_full_shared_for_full_2_workers", "full_shared", 64, 12),
            ("half_full_2_workers", "full_2_workers", 64, 12),
        ]
        * pairs.PAIRS
        + [
            ("half_full_for_full_exact", "full", 64, 4),
            ("half_full_exact", "full_exact", 64, 4),
        ]
        * pairs.PAIRS
    )
    assert len({turn.name for turn in planned}) == 2 * (len(pairs.CONNECTIONS) + 3)
    assert {turn.peer for turn in pairs.plan(figures, {"full", "full_exact"})} == {"full", "full_exact"}
    assert list(pairs.plan(figures, {"full_shared"})) == []
    del figures["get_full_2_workers"], figures["get_full_2_active_workers"]
    assert {turn.peer for turn in pairs.plan(figures, peers)} == {"full", "full_exact"}


def test_what_asking_about_limits_each_time_adds():
    def samples(*milliseconds):
        base = sample(10)
        return [
            dataclasses.replace(base, measurement=dataclasses.replace(base.measurement, p50_ms=each))
            for each in milliseconds
        ]

    one, other = pairs.ALL[-1].names
    found = pairs.ratios({one: samples(1.0, 5.0, 2.0), other: samples(1.4, 5.1, 2.5)})
    assert found["half_load_added_p50_ms_by_exact_limits"] == 0.4
