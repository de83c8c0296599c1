"""What the map's table, history and bulk editor say, in the language of the page."""


def words() -> dict[str, str]:
    """Sentences by the key the scripts know them by."""
    return {}
