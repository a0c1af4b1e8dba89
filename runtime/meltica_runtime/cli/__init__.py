"""The command line. Each command's module is imported when it is called, so that `check` stays instant."""

from __future__ import annotations

from importlib import import_module

import click
from click.shell_completion import CompletionItem

COMMANDS = {
    "new": "make a project: a pipeline, a strategy, a config",
    "run": "run a pipeline until Ctrl-C",
    "check": "say whether pipelines would start, and what is wrong if not",
    "fmt": "put pipelines into their canonical form",
    "test": "run the tests that pipelines bring along",
    "convert": "turn a pipeline into its JSON form, or back",
    "graph": "draw what a pipeline compiles to",
    "plan": "say what another file would change, node by node",
    "apply": "put another file in the place of what a gateway runs",
    "compile": "show the graph, the kernels, the layouts, the memory budget or what may be lost",
    "help": "show what the documentation says of a topic",
    "explain": "tell the whole story of an error code",
    "migrate": "bring the database's tables up, down, or show where they are",
    "strategies": "list strategy modules, or write their registry anew",
    "completion": "print the completion script of bash, zsh or fish",
    "lsp": "answer an editor: diagnostics, completion, hover, rename",
}


class CommandLine(click.Group):
    """Finds commands by name without importing the others."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"meltica_runtime.cli.{name}").command
        return command

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Names of commands; an option is asked of the program itself."""
        if incomplete.startswith("-"):
            return super().shell_complete(context, incomplete)
        return [
            CompletionItem(name, help=help_text)
            for name, help_text in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            from meltica_dsl.text.suggest import nearest

            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean `{near}`?" if near else ""
            raise click.UsageError(f"{error.message}{hint}", context) from None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meltica", message="meltica %(version)s")
def main() -> None:
    """Meltica: a trading gateway that is written down, not wired up."""
