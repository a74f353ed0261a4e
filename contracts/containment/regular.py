"""Regular expressions as finite automata: which strings match some patterns and not others, of which lengths.

The subset of ECMA-262 that has a finite automaton: literals, classes, groups, alternatives, repetitions and the
anchors `^` and `$`. `.` is what the validators' engine takes for it: any character but a line feed. For other
syntax (`\\b`, `\\p{…}`, flags, look-around…) there is no automaton, and `automaton` says so.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

_TOP: Final = 0x10FFFF
_MOST_STATES: Final = 3_000
_LONGEST: Final = 1_000
_DIGIT: Final = ((0x30, 0x39),)
_WORD: Final = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Final = (
    *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_CONTROL: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/-")

Ranges = tuple[tuple[int, int], ...]


class Unsupported(Exception):
    """The pattern has no automaton here."""


@dataclass(slots=True)
class Automaton:
    """A nondeterministic automaton over code points. State 0 starts and state 1 accepts. `free`: moves without
    a character; `at_start`, `at_end`: those that are only there, `steps`: by a character of some ranges."""

    free: list[list[int]] = field(default_factory=list)
    at_start: list[list[int]] = field(default_factory=list)
    at_end: list[list[int]] = field(default_factory=list)
    steps: list[list[tuple[Ranges, int]]] = field(default_factory=list)

    def new(self) -> int:
        if len(self.free) >= _MOST_STATES:
            raise Unsupported
        for moves in (self.free, self.at_start, self.at_end):
            moves.append([])
        self.steps.append([])
        return len(self.free) - 1

    def closure(self, states: frozenset[int], *, start: bool = False, end: bool = False) -> frozenset[int]:
        """All states that are reached without a character."""
        found, stack = set(states), list(states)
        while stack:
            state = stack.pop()
            following = self.free[state]
            if start and self.at_start[state]:
                following = following + self.at_start[state]
            if end and self.at_end[state]:
                following = following + self.at_end[state]
            for target in following:
                if target not in found:
                    found.add(target)
                    stack.append(target)
        return frozenset(found)

    def step(self, states: frozenset[int], character: int) -> frozenset[int]:
        """After one more character."""
        moved = {
            target
            for state in states
            for ranges, target in self.steps[state]
            if any(low <= character <= high for low, high in ranges)
        }
        return self.closure(frozenset(moved)) if moved else frozenset()

    def accepts(self, states: frozenset[int], *, start: bool = False) -> bool:
        """Whether the text may end here."""
        return 1 in self.closure(states, start=start, end=True)

    def edges(self) -> set[int]:
        """The code points at which some range starts, and those that follow one."""
        return {
            edge for moves in self.steps for ranges, _ in moves for low, high in ranges for edge in (low, high + 1)
        }


@lru_cache(maxsize=2048)
def automaton(pattern: str) -> Automaton | None:
    """Of a pattern, which is searched for anywhere (validation §6.3.3); None where there is none."""
    if len(pattern) > _LONGEST:
        return None
    try:
        return _Reader(pattern).read()
    except (Unsupported, RecursionError):
        return None


def exactly(text: str) -> Automaton:
    """The automaton of one string."""
    result = Automaton()
    state, end = result.new(), result.new()
    for character in text:
        following = result.new()
        result.steps[state].append((((ord(character), ord(character)),), following))
        state = following
    # Only at the end of the text: nothing follows by any step.
    result.at_end[state].append(end)
    return result


class _Reader:
    """Recursive descent; every method adds what it reads between two states."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.result = Automaton()

    def read(self) -> Automaton:
        result = self.result
        start, end = result.new(), result.new()
        inner, outer = result.new(), result.new()
        result.steps[start].append((((0, _TOP),), start))
        result.free[start].append(inner)
        self._alternatives(inner, outer)
        if self.at < len(self.text):
            raise Unsupported
        result.free[outer].append(end)
        result.steps[end].append((((0, _TOP),), end))
        return result

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise Unsupported
        self.at += 1
        return self.text[self.at - 1]

    def _alternatives(self, start: int, end: int) -> None:
        while True:
            state = self.result.new()
            self.result.free[start].append(state)
            while self._peek() not in ("", "|", ")"):
                state = self._repeated(state)
            self.result.free[state].append(end)
            if self._peek() != "|":
                return
            self.at += 1

    def _repeated(self, start: int) -> int:
        begin = self.at
        first = self.result.new()
        self._atom(start, first)
        stop = self.at
        least, most = self._quantifier()
        if (least, most) == (1, 1):
            return first
        after = self.at
        # The atom is read again for each time it is repeated.
        current = self.result.new()
        # What was read first hangs from `start` without a way on.
        self._forget(start)
        self.result.free[start].append(current)
        for _ in range(least):
            current = self._again(begin, stop, current)
        if most is None:
            loop, out = self.result.new(), self.result.new()
            self.result.free[current].append(loop)
            self.result.free[loop].append(out)
            self.result.free[self._again(begin, stop, loop)].append(loop)
            current = out
        else:
            out = self.result.new()
            for _ in range(most - least):
                self.result.free[current].append(out)
                current = self._again(begin, stop, current)
            self.result.free[current].append(out)
            current = out
        self.at = after
        return current

    def _forget(self, state: int) -> None:
        self.result.free[state].clear()
        self.result.steps[state].clear()
        self.result.at_start[state].clear()
        self.result.at_end[state].clear()

    def _again(self, begin: int, stop: int, start: int) -> int:
        inner, end = self.result.new(), self.result.new()
        self.result.free[start].append(inner)
        self.at = begin
        self._atom(inner, end)
        assert self.at == stop
        return end

    def _quantifier(self) -> tuple[int, int | None]:
        found: tuple[int, int | None]
        mark = self._peek()
        if mark and mark in "*+?":
            self.at += 1
            found = {"*": (0, None), "+": (1, None), "?": (0, 1)}[mark]
        elif mark == "{":
            close = self.text.find("}", self.at)
            low, comma, high = self.text[self.at + 1 : close].partition(",")
            if close < 0 or not low.isdecimal() or (high and not high.isdecimal()):
                raise Unsupported
            found = (int(low), (int(high) if high else None) if comma else int(low))
            if found[0] > _MOST_STATES or (found[1] or 0) > _MOST_STATES:
                raise Unsupported
            self.at = close + 1
        else:
            return 1, 1
        if self._peek() == "?":  # lazy: the same strings
            self.at += 1
        if self._peek() and self._peek() in "*+{":
            raise Unsupported
        return found

    def _atom(self, start: int, end: int) -> None:
        result, character = self.result, self._next()
        if character == "(":
            if self._peek() == "?":
                if self.text[self.at : self.at + 2] != "?:":
                    raise Unsupported
                self.at += 2
            self._alternatives(start, end)
            if self._next() != ")":
                raise Unsupported
        elif character == "^":
            result.at_start[start].append(end)
        elif character == "$":
            result.at_end[start].append(end)
        elif character == ".":
            result.steps[start].append((((0, 9), (11, _TOP)), end))
        elif character == "[":
            result.steps[start].append((self._class(), end))
        elif character == "\\":
            result.steps[start].append((self._escape(), end))
        elif character in "*+?{}])":
            raise Unsupported
        else:
            result.steps[start].append((((ord(character), ord(character)),), end))

    def _escape(self) -> Ranges:
        character = self._next()
        if character in "dwsDWS":
            found = {"d": _DIGIT, "w": _WORD, "s": _SPACE}[character.lower()]
            return _complement(found) if character.isupper() else found
        if character in _CONTROL:
            code = _CONTROL[character]
        elif character in "xu":
            length = 2 if character == "x" else 4
            digits = self.text[self.at : self.at + length]
            if len(digits) != length or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise Unsupported
            self.at += length
            code = int(digits, 16)
        elif character in _SYNTAX:
            code = ord(character)
        else:
            raise Unsupported
        return ((code, code),)

    def _class(self) -> Ranges:
        negated = self._peek() == "^"
        if negated:
            self.at += 1
        found: list[tuple[int, int]] = []
        while (character := self._next()) != "]":
            low = self._member(character)
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member(self._next())
                if len(low) != 1 or low[0][0] != low[0][1] or len(high) != 1 or high[0][0] != high[0][1]:
                    raise Unsupported
                low = ((low[0][0], high[0][1]),)
                if low[0][0] > low[0][1]:
                    raise Unsupported
            found += low
        if not found:
            raise Unsupported
        return _complement(tuple(found)) if negated else tuple(found)

    def _member(self, character: str) -> Ranges:
        if character == "\\":
            return self._escape()
        # The engine has set operations (`[a&&b]`, nested classes), which ECMA-262 has not.
        if character == "[" or self.text[self.at - 1 : self.at + 1] in ("&&", "--", "~~"):
            raise Unsupported
        return ((ord(character), ord(character)),)


def _complement(ranges: Ranges) -> Ranges:
    result, at = [], 0
    for low, high in sorted(ranges):
        if low > at:
            result.append((at, low - 1))
        at = max(at, high + 1)
    if at <= _TOP:
        result.append((at, _TOP))
    return tuple(result)
