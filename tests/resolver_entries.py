"""Entries of a foreign product, of places and a box, that the resolver's tests stand on."""

from traceability.linking.links import AllowedHosts

BASE = "https://langbiang.example"
LINKSET = "application/linkset+json"
VOC = "https://ref.gs1.org/voc/"
ITEM = "/01/09506000134352"
SSCC = "376104250021234569"
ALLOWED = AllowedHosts(frozenset({"a.example"}))


def entry(key, *links, href="https://a.example/", title="Trang", **more):
    """An entry with its default and links given as (type, path, further members)."""
    written = [
        {"linkType": kind, "href": f"https://a.example/{path}", "title": path, **rest}
        for kind, path, rest in links
    ]
    return {"key": key, "default": {"href": href, "title": title}, "links": written, **more}


VI, EN = {"hreflang": ["vi"]}, {"hreflang": ["en"]}
ENTRIES = [
    entry(
        ITEM,
        ("gs1:defaultLinkMulti", "d-vi", VI),
        ("gs1:defaultLinkMulti", "d-en", EN),
        ("gs1:pip", "pip-vi", {**VI, "type": "text/html"}),
        ("gs1:pip", "pip-en", {**EN, "type": "text/html"}),
        ("gs1:instructions", "i", {}),
        ("gs1:recallStatus", "r-old", {"context": "old"}),
        ("gs1:recallStatus", "r-new", {"context": "new"}),
        ("gs1:masterData", "m.html", {"type": "text/html"}),
        ("gs1:masterData", "m.json", {"type": "application/json"}),
        ("https://schema.example/voc/video", "v", {}),
        href="https://a.example/default?b=1#top",
        description="Dầu ô liu",
    ),
    entry(
        f"{ITEM}/22/V1",
        ("gs1:defaultLinkMulti", "v.html", {**VI, "type": "text/html"}),
        ("gs1:defaultLinkMulti", "v.json", {**VI, "type": "application/json"}),
        href="https://a.example/22",
    ),
    entry(f"{ITEM}/22/V1/10/L1", href="https://a.example/22-10"),
    entry(f"{ITEM}/10/L1", ("gs1:traceability", "t", {}), href="https://a.example/10"),
    entry(f"{ITEM}/21/S1", href="https://a.example/21"),
    entry(f"{ITEM}/235/T1", href="https://a.example/235"),
    entry(f"{ITEM}/10/A%2FB%3C%3E%22%27%26%25", href="https://a.example/odd"),
    entry("/00/376104250021234569", href="https://a.example/00"),
    entry("/414/9506000134352", href="https://a.example/414"),
    entry("/414/9506000134352/254/K%2F1", href="https://a.example/254"),
    entry("/414/9506000134352/7040/1ABC", href="https://a.example/414-7040"),
    entry("/417/9506000134352", href="https://a.example/417"),
    entry("/417/9506000134352/7040/1ABC", href="https://a.example/417-7040"),
    entry("/8004/9506ABC", href="https://a.example/8004"),
    entry("/8004/9506ABC/7040/1ABC", href="https://a.example/8004-7040"),
]


def linkset(resolve, address):
    """The levels that an address's linkset tells."""
    answer = resolve(f"{address}?linkType=linkset")
    assert answer.status_code == 200, answer.text
    return answer.json["linkset"]
