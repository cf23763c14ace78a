"""A page as a tree, and what must hold for any page of ours."""

from dataclasses import dataclass
from dataclasses import field
from html.parser import HTMLParser

_VOID = {"br", "hr", "img", "input", "link", "meta"}
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_ADDRESSES = ("src", "href", "srcset", "action", "data", "poster")


@dataclass
class Node:
    tag: str
    attrs: dict = field(default_factory=dict)
    children: list = field(default_factory=list)
    parent: "Node | None" = None

    def all(self, tag):
        """Elements of a tag in it, in order."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag == tag:
                    yield child
                yield from child.all(tag)

    def every(self):
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.every()

    @property
    def text(self):
        return "".join(
            child.text if isinstance(child, Node) else child
            for child in self.children
        )


class _Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = self.at = Node("#root")

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag}: {names}"
        node = Node(tag, dict(attrs), parent=self.at)
        self.at.children.append(node)
        if tag not in _VOID:
            self.at = node

    def handle_startendtag(self, tag, attrs):
        # Of SVG's, which may end at once.
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.at = self.at.parent

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> ends <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)


def parse(text):
    """The tree of a page whose tags all nest."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    assert parser.at is parser.root, f"<{parser.at.tag}> does not end"
    return parser.root


def check_page(text):
    """What must hold for a page that stands alone and that all can read."""
    assert text.startswith("<!DOCTYPE html>")
    root = parse(text)
    nodes = list(root.every())
    ids = [node.attrs["id"] for node in nodes if "id" in node.attrs]
    assert len(ids) == len(set(ids))
    for node in nodes:
        assert not [name for name in node.attrs if name.startswith("on")]
        assert "style" not in node.attrs
        for name in _ADDRESSES:
            address = node.attrs.get(name)
            if address is None:
                continue
            if address.startswith("#"):
                assert address[1:] in ids, address
            elif node.tag == "a" and address.endswith((".pdf", ".png")):
                assert ":" not in address, address
            elif node.tag == "a":
                assert address.startswith("https://arxiv.org/abs/"), address
            else:
                assert address.startswith("data:"), address
    (style,), (script,) = list(root.all("style")), list(root.all("script"))
    for forbidden in ("@import", "url(", "http"):
        assert forbidden not in style.text.replace('href^="http"', "")
    assert "fetch(" not in script.text and "import(" not in script.text
    levels = [int(node.tag[1]) for node in nodes if node.tag in _HEADINGS]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(
        after <= before + 1
        for before, after in zip(levels, levels[1:], strict=False)
    )
    for node in nodes:
        if node.tag in ("a", "button", "summary") or node.tag in _HEADINGS:
            assert node.text.strip() or any(node.all("img"))
    for table in root.all("table"):
        (head,), (body,) = list(table.all("thead")), list(table.all("tbody"))
        columns = list(head.all("th"))
        assert all(cell.attrs["scope"] == "col" for cell in columns)
        for row in body.all("tr"):
            cells = [c for c in row.children if isinstance(c, Node)]
            assert len(cells) == len(columns)
            assert cells[0].tag == "th" and cells[0].attrs["scope"] == "row"
        assert "scroll" in table.parent.attrs["class"].split()
    for image in root.all("img"):
        assert image.attrs["alt"].strip()
        assert image.attrs["loading"] == "lazy"
        assert int(image.attrs["width"]) and int(image.attrs["height"])
    for drawing in root.all("svg"):
        assert drawing.attrs.get("aria-label") or drawing.attrs["aria-hidden"]
    labels = {label.attrs["for"] for label in root.all("label")}
    assert {select.attrs["id"] for select in root.all("select")} == labels
    (html,) = root.all("html")
    assert html.attrs["lang"] == "en"
    assert any(root.all("title"))
    return root
