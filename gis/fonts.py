"""Finding a font with all Vietnamese letters, for documents that carry their own fonts."""

from functools import cache
from pathlib import Path

from gis.errors import UnavailableError

# Folders where systems keep fonts, and the families that draw all Vietnamese letters, best first.
_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("~/.fonts").expanduser(),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts/Supplemental"),
)
_FAMILIES = (
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
)


@cache
def find_fonts(folders: tuple[Path, ...] = _FOLDERS) -> tuple[Path, Path]:
    """Find an installed font with all Vietnamese letters, as (regular, bold) TrueType files.

    Raises:
        UnavailableError: When there is none.
    """
    for regular, bold in _FAMILIES:
        for folder in folders:
            found = next(folder.rglob(regular), None) if folder.is_dir() else None
            if found is not None:
                heavy = found.with_name(bold)
                return found, heavy if heavy.exists() else found
    raise UnavailableError(
        "No font with Vietnamese letters is installed, so nothing can be printed."
        " Install one: apt-get install fonts-noto-core (or fonts-dejavu-core)."
    )
