"""What goes upstream of a request that was found right: without what its contract lacks, and with its defaults."""

from collections.abc import Awaitable

from contracts.operations import ApiVersion, Operation
from policies.exchange import Exchange
from policies.mapping.exact_json import read_exact, write_exact
from policies.validation.defaults import BodyDefaults, ParameterDefaults
from policies.validation.media_types import content_of, declares_json
from policies.validation.parameters import ParameterReader
from policies.validation.validators import validators_of
from policies.verdict import ALLOW, Stage, Verdict


def stripping(stage: Stage, version: ApiVersion, operation: Operation) -> Stage:
    """The stage, and then the query without the parameters that the contract does not have."""
    reader = ParameterReader(operation, validators_of(version))

    def check_and_strip(exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        verdict = stage(exchange)
        if verdict is ALLOW and exchange.query:
            known = reader.known_query(exchange.query)
            if known != exchange.query:
                exchange.forwarded().query = known
        return verdict

    return check_and_strip


def injecting(stage: Stage, version: ApiVersion, operation: Operation) -> Stage:
    """The stage, and then what is missing and has a default, in parameters and a JSON body."""
    validators = validators_of(version)
    parameters = ParameterDefaults(operation, validators)
    content = () if operation.body is None else operation.body.content
    entries = content_of(content, validators)
    bodies = {
        each.range: BodyDefaults(each.schema, validators)
        for each in content
        if each.schema is not None and declares_json(each.range)
    }

    def check_and_fill(exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        verdict = stage(exchange)
        if verdict is not ALLOW:
            return verdict
        parameters.fill(exchange)
        entry = entries.find(exchange.fields.get(b"content-type", b"")) if exchange.body and bodies else None
        defaults = None if entry is None else bodies.get(entry.range)
        if defaults is not None and defaults.fill(exchange.body_value):
            assert exchange.body is not None
            # The text is made of the text that came: a decimal with more digits than a double keeps them.
            exact = read_exact(exchange.body)
            defaults.fill(exact)
            exchange.body = write_exact(exact)
        return verdict

    return check_and_fill
