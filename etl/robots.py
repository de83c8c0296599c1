"""What a site lets programs fetch: robots.txt by RFC 9309.

The standard library's reader knows neither `*` nor `$` in a path, which marketplaces use in nearly
every line, and takes the first rule that fits where the longest must win.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

# RFC 9309 section 2.5: at least 500 KiB must be read.
MOST_BYTES = 512 * 1024
_MOST_RULES = 5000


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one program: (allowed, path pattern), and how many seconds to wait between."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay_s: float | None = None

    def allows(self, url: str) -> bool:
        """Whether an address may be fetched: the longest pattern decides, a tie allows (2.2.2)."""
        parts = urlsplit(url)
        path = _plain(parts.path or "/") + (f"?{_plain(parts.query)}" if parts.query else "")
        if path == "/robots.txt":
            return True
        fitting = [
            (len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, path)
        ]
        return max(fitting)[1] if fitting else True


NOTHING_FORBIDDEN = Robots()
ALL_FORBIDDEN = Robots(((False, "/"),))


def read_robots(text: str, agent: str) -> Robots:
    """Read the rules that bind a program: those of its own groups, else those for everybody.

    Args:
        text: The file.
        agent: The program's name, without version.
    """
    own: list[tuple[bool, str]] = []
    everybody: list[tuple[bool, str]] = []
    delays: dict[str, float] = {}
    named: set[str] = set()
    names: list[str] = []
    in_rules = False
    for line in text.removeprefix("\ufeff").splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            if in_rules:
                names, in_rules = [], False
            names.append(value.lower())
            named.add(value.lower())
            continue
        in_rules = in_rules or field in ("allow", "disallow", "crawl-delay")
        ours, all_ = agent.lower() in names, "*" in names
        if field in ("allow", "disallow") and value:
            rule = (field == "allow", _pattern(value))
            if ours and len(own) < _MOST_RULES:
                own.append(rule)
            if all_ and len(everybody) < _MOST_RULES:
                everybody.append(rule)
        elif field == "crawl-delay" and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value):
            for who in (agent.lower() if ours else None, "*" if all_ else None):
                if who is not None:
                    delays.setdefault(who, float(value))
    mine = agent.lower() in named
    return Robots(tuple(own if mine else everybody), delays.get(agent.lower() if mine else "*"))


def _pattern(value: str) -> str:
    return _plain(value if value.startswith(("/", "*")) else f"/{value}")


def _plain(path: str) -> str:
    """One spelling for one path: percent-encoding undone and done again."""
    return quote(unquote(path, errors="replace"), safe="/?&=+,;:@!$'()*~-._[]|%")


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins as a pattern says; `*` is anything, `$` at the end is the path's end.

    Piece by piece, each at the first place it is found: no pattern, however odd, takes long.
    """
    ends = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not ends or path == first
    place = len(first)
    last = others.pop() if ends else ""
    for piece in others:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return path.endswith(last) and len(path) - len(last) >= place
