"""Whether a request comes from somebody who scans a code, or from a program that looks at links."""

import re
from functools import lru_cache
from typing import Protocol

# Link previews, search engines, monitors. A chat's own browser is a person: Facebook's says FBAN,
# Zalo's says "Zalo android/… ZaloTheme/…" (most people here scan with Zalo), WhatsApp's says
# nothing. Cubot is a make of phones. Libraries (okhttp, curl) are no bots: scanner apps use them.
_PROGRAM = re.compile(
    r"(?<!cu)bot(?![a-z])|crawl|spider|slurp|preview|scrap|archiver|heritrix|\+https?://"
    r"|facebookexternalhit|facebookcatalog|facebookplatform|meta-external|meta-webindexer"
    r"|zalo(?![ /]?(?:android|ios)|pc|theme|language)|whatsapp|^viber/|skype|telegram(?!-)"
    r"|slack-|slack/|discord|vkshare|embedly|iframely|pinterest/0|linkexpand|unfurl|opengraph"
    r"|google-(?:inspection|read-aloud|site-verification|safety)|googleother|apis-google"
    r"|mediapartners|feedfetcher|duckduckgo-favicons|lighthouse|pingdom|statuscake|uptime"
    r"|monitor(?:ing)?/|prometheus|blackbox|perplexity|nagios|zabbix|kube-probe|health-?check|validator|nutch|nmap|masscan|zgrab",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_ANNOUNCED_IN = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


class Headers(Protocol):
    """Headers of a request, found by name in any case."""

    def get(self, key: str, /) -> str | None:
        """One header's value."""


def is_scan(headers: Headers) -> bool:
    """Whether a person's device opens the address now: no bot, no preview, nothing fetched ahead.

    Nor what a page loads by itself: pictures and frames that lead here would count its readers.

    Args:
        headers: Of the request; names in any case (as Flask gives them).
    """
    if any(_AHEAD.search(headers.get(name) or "") for name in _ANNOUNCED_IN):
        return False
    # Browsers say what they want an address for; a scanned one becomes a document.
    if (headers.get("Sec-Fetch-Dest") or "document").lower() != "document":
        return False
    return not is_program((headers.get("User-Agent") or "")[:500])


@lru_cache(maxsize=4096)
def is_program(agent: str) -> bool:
    """Whether a User-Agent names a program that looks at links by itself."""
    return _PROGRAM.search(agent) is not None
