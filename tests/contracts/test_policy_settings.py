from contracts.policy_settings import PolicyUse, joined, over, used


def test_the_nearest_layer_that_gives_a_key_holds() -> None:
    estate = used("ostiary.yaml#/policies", {"cors": {"mode": "report", "max-age": 5, "origins": ["a"]}, "x": {}})
    api = used("apis/o/api.yaml#/policies", {"cors": {"max-age": 9, "consumers": {"acme": "off"}}})
    operation = used("v1.yaml#/paths/~1a/get/x-ostiary-policies", {"cors": {"mode": "enforce"}})
    cors, other = joined((estate, api, operation))
    assert cors == PolicyUse(
        "cors",
        "enforce",
        {"max-age": 9, "origins": ["a"]},
        {"acme": "off"},
        (
            "ostiary.yaml#/policies/cors",
            "apis/o/api.yaml#/policies/cors",
            "v1.yaml#/paths/~1a/get/x-ostiary-policies/cors",
        ),
    )
    assert other == PolicyUse("x", sources=("ostiary.yaml#/policies/x",))


def test_consumers_are_joined_one_by_one() -> None:
    below = PolicyUse("a", consumers={"acme": "off", "globex": "report"})
    assert over(below, PolicyUse("a", consumers={"acme": "enforce"})).consumers == {
        "acme": "enforce",
        "globex": "report",
    }


def test_a_mode_that_there_is_not_is_left_to_its_finding() -> None:
    (use,) = used("f#", {"a/b": {"mode": "sometimes", "consumers": {"x": "never", "y": "off"}}})
    assert (use.mode, use.consumers) == (None, {"y": "off"})
    assert use.sources == ("f#/a~1b",)
