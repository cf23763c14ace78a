"""Pages that follow from the code: the API's floors, and all flags.

They are written before the sources are read: `api/FLOOR.md` and
`cli/PROGRAM.md`, each from what the package declares, so that no flag and no
name has to be listed by hand.
"""

import importlib
import inspect
import re
from pathlib import Path

import keras_padpos
from keras_padpos.__main__ import programs
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.common_flags import DEVICES
from keras_padpos.runs.flags import flag_text

# What Markdown would read as its own in a flag's help.
_MARKUP = re.compile(r"([\\*_\[\]<>|{}$#])")
_CODE = re.compile(r"`[^`]+`|--\w+(?:=[^\s,;:.)]+)?")


def setup(app):
    """Connect the pages to Sphinx."""
    app.connect("builder-inited", _write_pages)
    app.connect("missing-reference", _public_name)
    return {"parallel_read_safe": True}


def _write_pages(app):
    """Write each page whose text has changed."""
    folder = Path(app.srcdir)
    pages = dict(api_pages()) | dict(_cli_pages())
    for name, text in pages.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _public_name(app, env, node, content):
    """Link a bare name in a docstring to what the package has of that name."""
    from sphinx.util.nodes import make_refnode

    names = env.domains["py"].objects
    matches = [
        (name, entry)
        for name, entry in names.items()
        if name.endswith(f".{node['reftarget']}")
        and entry.objtype in ("class", "exception", "function")
    ]
    if node["refdomain"] != "py" or len(matches) != 1:
        return None
    ((name, entry),) = matches
    return make_refnode(
        app.builder, node["refdoc"], entry.docname, entry.node_id, content, name
    )


def api_pages():
    """One page for each floor, that of the front door first."""
    floors = [
        name
        for name in keras_padpos.__all__
        if inspect.ismodule(getattr(keras_padpos, name))
    ]
    for name in floors:
        yield f"api/{name}", _api_page(f"keras_padpos.{name}")
    yield "api/keras_padpos", _api_page("keras_padpos")
    yield (
        "api/index",
        "# API reference\n\n"
        "`keras_padpos` holds what most notebooks need, and lists its floors: "
        "each imports only from those above it in that list.\n\n"
        + _toctree("keras_padpos", *floors),
    )


def _api_page(name):
    """All of a module's `__all__`; what is another page's is only named."""
    module = importlib.import_module(name)
    public = getattr(module, "__all__", None)
    elsewhere = [
        each
        for each in public or ()
        if name != "keras_padpos" and _floor(module, each) != name
    ]
    title = name.rpartition(".")[2]
    lines = [f"# {title}", "", "```{eval-rst}", f".. automodule:: {name}"]
    lines += ["   :members:", "   :show-inheritance:"]
    lines += ["   :imported-members:"] * bool(public)
    lines += [f"   :exclude-members: {', '.join(elsewhere)}"] * bool(elsewhere)
    lines += ["```", ""]
    if elsewhere:
        names = ", ".join(
            f"{{py:obj}}`{_floor(module, each)}.{each}`" for each in elsewhere
        )
        lines += [f"Also here: {names}.", ""]
    return "\n".join(lines)


def _floor(module, name):
    """The module on whose page a name of another one is described."""
    if name in keras_padpos.__all__ and getattr(keras_padpos, name) is getattr(
        module, name
    ):
        return "keras_padpos"
    origin = getattr(getattr(module, name), "__module__", module.__name__)
    if not str(origin).startswith("keras_padpos."):
        return module.__name__
    return ".".join(origin.split(".")[:2])


def _cli_pages():
    """One page for each program."""
    for named in programs().values():
        for name, program in named.items():
            yield f"cli/{name}", program_page(program)
    yield "cli/index", cli_index()


def program_page(program):
    """What a program is, and its own flags."""
    own = {
        name: flag
        for name, flag in program.flags.items()
        if flag is not {**COMMON, **DEVICES}.get(name)
    }
    usage = " ".join(["keras-padpos", program.name, *program.arguments])
    further = [
        link
        for shared, link in (
            (COMMON, "[those of every run](index.md#every-run)"),
            (DEVICES, "[of several devices](index.md#several-devices)"),
        )
        if {*shared} <= {*program.flags}
    ]
    return (
        f"# {program.name}\n\n{_plain(program.about)}\n\n"
        f"```bash\n{usage} --flag=value ...\n```\n\n{_flag_list(own)}"
        + (f"\nFurther flags: {', '.join(further)}.\n" if further else "")
    )


def cli_index():
    """How programs are started, and the flags that they share."""
    return (
        "# Command line\n\n"
        "`keras-padpos NAME`, or `python -m keras_padpos NAME`, runs a study "
        "or a tool; from a checkout `python -m experiments.NAME` and "
        "`python -m tools.NAME` are the same. These pages are made of the "
        "flags as the code declares them, and `--help` after a command prints "
        "them too. A flag whose default is a list takes a list with commas. "
        "*Crossed* flags are combined: each combination of their values is "
        "one network.\n\n"
        + "\n".join(
            f"## {heading}\n\n{_toctree(*named)}"
            for heading, named in programs().items()
        )
        + f"\n## Every run\n\n{_flag_list(COMMON)}"
        + f"\n## Several devices\n\n{_flag_list(DEVICES)}"
    )


def _flag_list(declared):
    """A definition list: the flag and its default, then what it is."""
    parts = []
    for name, flag in declared.items():
        head = f"`--{name}`"
        if isinstance(flag.default, bool):
            head = f"`--{name}`, `--no{name}`"
        if flag.default not in (None, [], ""):
            head += f" (default `{flag_text(flag.default)}`)"
        if flag.crossed:
            head += ", *crossed*"
        lines = [escaped(flag.help)]
        if flag.choices:
            choices = ", ".join(f"`{choice}`" for choice in flag.choices)
            lines.append(f"Choices: {choices}")
        parts.append(head + "\n" + "\n".join(f": {line}\n" for line in lines))
    return "\n".join(parts)


def _plain(text):
    """A docstring as Markdown: its commands, indented, are code."""
    blocks = []
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        code = all(line.startswith("    ") for line in block.splitlines())
        blocks.append(
            f"```text\n{inspect.cleandoc(block)}\n```"
            if code
            else escaped(block)
        )
    return "\n\n".join(blocks)


def escaped(text):
    """Text whose flags are code and whose signs stand for themselves."""
    parts, end = [], 0
    for match in _CODE.finditer(text):
        parts.append(_MARKUP.sub(r"\\\1", text[end : match.start()]))
        parts.append(f"`{match.group().strip('`')}`")
        end = match.end()
    return "".join(parts) + _MARKUP.sub(r"\\\1", text[end:])


def _toctree(*names):
    return "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"
