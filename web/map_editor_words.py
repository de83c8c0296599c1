"""What the map's editor says, in the language of the page."""

from flask_babel import gettext as _


def words() -> dict[str, str]:
    """Sentences by the key the scripts know them by."""
    return {
        "edit": _("Sửa"),
    }
