"""Characters, strings and numbers: what paths and scripts read alike."""

from typing import Final

from contracts.lint.jsonpath.ast import PathSyntaxError

LONGEST: Final = 4_000
DEEPEST: Final = 40
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Reader:
    """A text and a position in it. Raises PathSyntaxError beyond the bounds."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise PathSyntaxError(f"an expression is at most {LONGEST} characters long", LONGEST)
        self.text = text
        self.position = 0
        self.depth = 0

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def peek(self, ahead: int = 0) -> str:
        """The character, or "" at the end."""
        index = self.position + ahead
        return self.text[index] if index < len(self.text) else ""

    def starts(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def take(self, text: str) -> bool:
        """Goes past `text` if it stands here."""
        if self.text.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.fault(f"expected `{text}`")

    def space(self) -> None:
        while self.peek() in (" ", "\t", "\n", "\r"):
            self.position += 1

    def fault(self, expected: str) -> PathSyntaxError:
        found = f"`{self.peek()}`" if not self.at_end else "the end"
        return PathSyntaxError(f"{expected} and found {found}", self.position)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise PathSyntaxError(f"an expression is nested at most {DEEPEST} deep", self.position)

    def leave(self) -> None:
        self.depth -= 1

    def string(self) -> str:
        """A string in single or double quotes, with JavaScript's escapes."""
        quote = self.peek()
        start = self.position
        self.position += 1
        parts: list[str] = []
        while not self.at_end:
            character = self.peek()
            self.position += 1
            if character == quote:
                return "".join(parts)
            if character != "\\":
                parts.append(character)
                continue
            escaped = self.peek()
            self.position += 1
            if escaped == "u":
                digits = self.text[self.position : self.position + 4]
                try:
                    parts.append(chr(int(digits, 16)))
                except ValueError:
                    raise self.fault("expected four hexadecimal digits") from None
                self.position += 4
            else:
                parts.append(_ESCAPES.get(escaped, escaped))
        raise PathSyntaxError(f"the string has no end; expected `{quote}`", start)

    def integer(self) -> int | None:
        """An integer, or None if none stands here."""
        end = self.position + (self.peek() == "-")
        while end < len(self.text) and self.text[end] in "0123456789":
            end += 1
        digits = self.text[self.position : end]
        if digits in ("", "-"):
            return None
        if len(digits) > 16:
            raise self.fault("expected a smaller number")
        self.position = end
        return int(digits)

    def identifier(self) -> str:
        """A JavaScript identifier, or ""."""
        end = self.position
        while end < len(self.text) and is_identifier(self.text[end], start=end == self.position):
            end += 1
        word = self.text[self.position : end]
        self.position = end
        return word


def is_identifier(character: str, *, start: bool = False) -> bool:
    """Whether a character may stand in an identifier, or begin one."""
    if character in "_$" or character.isalpha() or ord(character) > 127:
        return True
    return not start and character.isdigit()
