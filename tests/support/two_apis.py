"""An estate with two APIs, `books` and `films`, of which the second refers to a file outside of its folder."""

from pathlib import Path

from tests.support.estates import write_estate

SHARED = "common/isbn.yaml"
BOOKS = "apis/books/v1.openapi.yaml"
FILMS = "apis/films/v1.openapi.yaml"


def write_two_apis(root: Path, longest: int = 13) -> Path:
    """The estate below `root`; `longest` is what the shared schema says of an ISBN's length."""
    write_estate(root)
    folder = root / "apis" / "films"
    folder.mkdir()
    (root / "common").mkdir()
    (root / SHARED).write_text(f"components: {{schemas: {{Isbn: {{type: string, maxLength: {longest}}}}}}}\n")
    (folder / "api.yaml").write_text((root / "apis/books/api.yaml").read_text().replace("Books", "Films"))
    contract = (root / BOOKS).read_text().replace("/books", "/films")
    own = 'schema: { $ref: "#/components/schemas/Isbn" }'
    assert own in contract
    shared = 'schema: { $ref: "../../common/isbn.yaml#/components/schemas/Isbn" }'
    (root / FILMS).write_text(contract.replace(own, shared))
    return root
