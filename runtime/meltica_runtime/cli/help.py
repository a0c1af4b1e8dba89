"""`meltica help`: the documentation, topic by topic."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

import click
from click.shell_completion import CompletionItem

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.text.suggest import nearest
from meltica_runtime.cli.help_topics import Topic, topic_name, topics
from meltica_runtime.cli.options import CommonOptions, common_options

_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("units", "unit", "durations", "rates", "sizes", "types", "literals"), "values"),
        **dict.fromkeys(("risk", "limits", "risk-limits"), "limits-of-risk"),
        **dict.fromkeys(("pool", "pools", "policy", "policies"), "what-happens-when-a-reader-falls-behind"),
        **dict.fromkeys(("expressions", "operators", "functions"), "conditions"),
        **dict.fromkeys(("provider", "providers", "adapter"), "adapters"),
        **dict.fromkeys(("route", "routes"), "routes-lead-them"),
        **dict.fromkeys(("api", "control"), "control-api"),
        **dict.fromkeys(("stage",), "stages"),
        **dict.fromkeys(("sink",), "sinks"),
        **dict.fromkeys(("tests", "test"), "testing"),
        **dict.fromkeys(("json", "convert"), "the-json-form"),
    }
)
"""What people call a topic, where it is not what its heading calls it."""


def _names(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    asked = incomplete.lower()
    return [
        CompletionItem(topic.name, help=topic.title)
        for topic in topics().values()
        if topic.name.startswith(asked)
    ]


@click.command(name="help")
@click.argument("words", nargs=-1, metavar="[TOPIC]", shell_complete=_names)
@common_options
def command(common: CommonOptions, words: tuple[str, ...]) -> None:
    """Show what the documentation says of a topic: a stage, a setting, an adapter, a page's section.

    Without a topic, list them.
    """
    known = topics()
    if not words:
        _list(common, known)
        return
    if (code := words[0].upper()) in CODES:
        entry = CODES[code]
        _show(common, f"# {entry.code}: {entry.title}\n\n```text\n{entry.story}\n```")
        return
    if words == ("errors",):
        common.output.result("\n".join(f"{entry.code}  {entry.title}" for entry in CODES.values()))
        return
    asked = topic_name(words)
    topic = known.get(_SYNONYMS.get(asked, asked)) or _only_one(asked, known)
    of_command = None if topic else _help_of_command(words)
    if of_command is not None:
        common.output.result(of_command)
    elif topic is None:
        _fail_unknown_topic(common, " ".join(words), asked, known)
    else:
        _show(common, f"# {topic.title}\n\n{topic.text}")
        common.output.note(f"from docs/{topic.page}.md")


def _help_of_command(words: tuple[str, ...]) -> str | None:
    context = click.get_current_context()
    group = context.find_root().command
    assert isinstance(group, click.Group), "commands are found in a group"
    found = group.get_command(context, words[0])
    return None if found is None else found.get_help(click.Context(found, info_name=f"meltica {words[0]}"))


def _only_one(asked: str, known: Mapping[str, Topic]) -> Topic | None:
    """The one section that has all the words asked for."""
    wanted = set(asked.split("-"))
    found = [t for t in known.values() if not t.is_row and wanted <= set(t.name.split("-"))]
    return found[0] if len(found) == 1 else None


def _fail_unknown_topic(common: CommonOptions, text: str, asked: str, known: Mapping[str, Topic]) -> None:
    wanted = set(asked.split("-"))
    holding = [name for name, topic in known.items() if wanted & set(name.split("-")) and not topic.is_row]
    near = nearest(asked, known)
    likely = list(dict.fromkeys(([near] if near else []) + holding))[:5]
    hint = f"did you mean {', '.join(f'`{name}`' for name in likely)}? " if likely else ""
    common.output.fail(f"there is no topic `{text}`", f"{hint}`meltica help` lists all topics")


def _list(common: CommonOptions, known: Mapping[str, Topic]) -> None:
    """The sections by page; the rows of their tables are topics too, but too many to list."""
    pages: dict[str, list[Topic]] = {}
    for topic in known.values():
        if not topic.is_row:
            pages.setdefault(topic.page, []).append(topic)
    for page, found in pages.items():
        common.output.result(f"{page}:")
        width = max(len(topic.name) for topic in found)
        for topic in found:
            common.output.result(f"  {topic.name:<{width}}  {topic.title}")
    common.output.note(
        "every stage, setting, limit and field is a topic as well: `meltica help dedupe`; "
        "so is each error code: `meltica help E0204`"
    )


def _show(common: CommonOptions, text: str) -> None:
    """Markdown, laid out for the terminal's width; as it is written where nobody reads it in a terminal."""
    from rich.console import Console
    from rich.markdown import Markdown

    output = common.output
    if not sys.stdout.isatty() and not output.color:
        output.result(text)
        return
    console = Console(
        file=sys.stdout, width=output.width, no_color=not output.color, force_terminal=output.color
    )
    console.print(Markdown(text, code_theme="ansi_dark"))
