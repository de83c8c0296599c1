"""Every Vietnamese sentence of the site has its English one, with the same placeholders."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent.parent
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def test_english_is_complete():
    with (ROOT / "web/translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    english = {message.id: message.string for message in catalogue if message.id}
    found = extract_from_dir(
        ROOT / "web",
        method_map=[("templates/**.html", "jinja2"), ("**.py", "python")],
        options_map={"templates/**.html": {"encoding": "utf-8", "trimmed": "false"}},
        keywords={"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)},
    )
    wanted = {message[0] if isinstance(message, tuple) else message for _, _, message, *_ in found}
    assert len(wanted) > 50
    plain = {key[0] if isinstance(key, tuple) else key: text for key, text in english.items()}
    missing = sorted(text for text in wanted if not plain.get(text))
    assert missing == []
    for source in wanted:
        translated = plain[source]
        for text in translated if isinstance(translated, tuple) else (translated,):
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(source)), source
