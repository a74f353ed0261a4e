"""Which bucket of a histogram a duration belongs to."""


def bucket_of(bounds: list[float], seconds: float) -> int:
    """That of the first bound that it does not exceed, else one above all. Most durations are in the first few:
    compiled, a search of halves takes longer."""
    for index, bound in enumerate(bounds):
        if seconds <= bound:
            return index
    return len(bounds)
