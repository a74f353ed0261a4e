"""JSONPath as rulesets are written in: RFC 9535, and the dialect of JSONPath-Plus and nimma that Spectral runs.

The dialect adds scripts in parentheses (`[?(@.type == 'array')]`), `@property`, `@parent` and their kin, `^` for
the parent and `~` for the property's name. Scripts are parsed by a bounded grammar of our own; nothing is run
as code.
"""
