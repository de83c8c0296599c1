"""Reading filters in CQL2 (OGC 21-065r2), as text or JSON, into the JSON encoding's tree.

Text is parsed by the library `cql2`. It descends by recursion, and tries each bracket as a group
and then as a list: thousands of `NOT` end the process, twenty unclosed brackets take a second and
a hundred for ever (both measured with 0.6.0). So how long, how deep and how much work a text would
be is counted before the library sees it. What the tree may say is
for `gis.cql2.translation` to decide.
"""

import re
from collections.abc import Iterator
from typing import Any

import cql2
import orjson

from gis.errors import InvalidInputError

# The encodings; `cql-text` is what GDAL asks for by the text's older name, and then it sends whole
# filters instead of working them out itself.
LANGUAGES = ("cql2-text", "cql2-json", "cql-text")
LONGEST = 16_384
DEEPEST = 24
MOST_NODES = 4_000
MOST_OPERATORS = 500
# The library's worst case doubles with each bracket: a character costs it 2^depth steps of about
# half a microsecond, so this is a quarter of a second.
_MOST_STEPS = 500_000

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
# A word is tried once, from its beginning: from each letter on, 16,000 letters take seconds.
_ILIKE = re.compile(r"('(?:[^']|'')*'(?!\s*ILIKE))|\b(\w++) ILIKE ('(?:[^']|'')*')")
_PREFIXES = re.compile(r"(?:(?:\bNOT\b|-)\s*){17}", re.IGNORECASE)
_OPERATORS = re.compile(
    r"[=<>*/%^]|\b(?:and|or|not|like|in|is|between|div)\b", re.IGNORECASE | re.ASCII
)


def parse_filter(value: str, language: str, parameter: str = "filter") -> Any:
    """Read a filter.

    Args:
        value: The filter.
        language: One of `LANGUAGES`.
        parameter: Named when it is refused.

    Returns:
        The tree of the JSON encoding: dicts, lists, texts, numbers, booleans.

    Raises:
        InvalidInputError: Not CQL2, too long, too deep or too much.
    """
    if len(value) > LONGEST:
        raise InvalidInputError(
            f"{parameter} has at most {LONGEST} characters.", parameter=parameter
        )
    if "\0" in value:
        raise InvalidInputError(f"{parameter} holds a NUL character.", parameter=parameter)
    if language == "cql2-json":
        tree = _read_json(value, parameter)
    else:
        # GDAL's one word that CQL2 does not have.
        given = _without_ilike(value) if language == "cql-text" else value
        tree = _read_text(given, parameter)
    if tree is None:
        raise InvalidInputError(f"{parameter} is empty.", parameter=parameter)
    _check_size(tree, parameter)
    return tree


def _without_ilike(value: str) -> str:
    """Write `name ILIKE 'A%'` as CQL2 has it."""
    return _ILIKE.sub(lambda match: match[1] or f"CASEI({match[2]}) LIKE CASEI({match[3]})", value)


def _read_text(value: str, parameter: str) -> Any:
    _check_text(_QUOTED.sub("''", value), value, parameter)
    try:
        return cql2.parse_text(value).to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError, TypeError) as error:
        place = re.search(r"--> (\d+):(\d+)", str(error))
        where = f" It stops making sense at character {place[2]}." if place else ""
        raise InvalidInputError(
            f"{parameter} is no CQL2 text.{where}", parameter=parameter
        ) from error


def _check_text(bare: str, whole: str, parameter: str) -> None:
    """Count brackets and operators outside of quotes.

    Raises:
        InvalidInputError: Brackets do not match, or there is too much of something.
    """
    depth = deepest = 0
    steps = len(whole)
    for character in bare:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth -= 1
            if depth < 0:
                break
        steps += 2 ** min(depth, 40)
    if depth != 0:
        raise InvalidInputError(
            f"{parameter} is no CQL2 text: brackets do not match.", parameter=parameter
        )
    if "'" in bare.replace("''", "") or '"' in bare:
        raise InvalidInputError(
            f"{parameter} is no CQL2 text: a quotation mark is not closed.", parameter=parameter
        )
    if deepest > DEEPEST or steps > _MOST_STEPS or _PREFIXES.search(bare):
        raise InvalidInputError(f"{parameter} is nested too deeply.", parameter=parameter)
    if len(_OPERATORS.findall(bare)) > MOST_OPERATORS:
        raise InvalidInputError(
            f"{parameter} has more than {MOST_OPERATORS} operators.", parameter=parameter
        )


def _read_json(value: str, parameter: str) -> Any:
    try:
        # Stops by itself at 1024 levels, and knows neither NaN nor Infinity.
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(
            f"{parameter} is no CQL2 JSON: {error.msg}.", parameter=parameter
        ) from error


def _check_size(tree: Any, parameter: str) -> None:
    """Count levels and parts without recursion.

    Raises:
        InvalidInputError: Too many of either.
    """
    nodes, waiting = 0, [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > 2 * DEEPEST + 8:
            raise InvalidInputError(f"{parameter} is nested too deeply.", parameter=parameter)
        nodes += 1
        if nodes > MOST_NODES:
            raise InvalidInputError(f"{parameter} has too many parts.", parameter=parameter)
        waiting += [(inner, depth + 1) for inner in _parts(node)]


def _parts(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, list):
        yield from node
