"""Several workers' metrics as one text."""

from gateway.telemetry.merging import merge

ONE = """# HELP a_total What a counts, in {words} and spaces.
# TYPE a_total counter
a_total{x="1 {2}"} 3
a_total 4.5
# HELP h Times.
# TYPE h histogram
h_bucket{le="+Inf"} 2
h_count 2
h_sum 0.5
"""


def test_each_sample_says_whose_it_is_and_each_family_has_one_head() -> None:
    other = ONE.replace("# TYPE h", "# TYPE h").replace("4.5", "9")
    assert (
        merge([("1", ONE), ("2", other)])
        == """# HELP a_total What a counts, in {words} and spaces.
# TYPE a_total counter
a_total{worker="1",x="1 {2}"} 3
a_total{worker="1"} 4.5
a_total{worker="2",x="1 {2}"} 3
a_total{worker="2"} 9
# HELP h Times.
# TYPE h histogram
h_bucket{worker="1",le="+Inf"} 2
h_count{worker="1"} 2
h_sum{worker="1"} 0.5
h_bucket{worker="2",le="+Inf"} 2
h_count{worker="2"} 2
h_sum{worker="2"} 0.5
"""
    )


def test_a_worker_that_has_nothing_to_say_takes_nothing_away() -> None:
    assert merge([("1", ""), ("2", "# TYPE b gauge\nb 1\n")]) == '# TYPE b gauge\nb{worker="2"} 1\n'
