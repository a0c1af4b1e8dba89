"""`meltica completion`: what a shell needs to complete commands, options, files and names."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from meltica_runtime.cli.options import CommonOptions, common_options

_VARIABLE = "_MELTICA_COMPLETE"
"""Click's own protocol: the script calls the program with the words typed so far under this variable."""

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@common_options
def command(common: CommonOptions, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  source <(meltica completion bash)      in ~/.bashrc
    zsh:   source <(meltica completion zsh)       in ~/.zshrc, after compinit
    fish:  meltica completion fish > ~/.config/fish/completions/meltica.fish
    """
    root = click.get_current_context().find_root().command
    completion = _SHELLS[shell](root, {}, "meltica", _VARIABLE)
    # Not the class's own `source`: bash's starts a bash to ask for its version.
    common.output.result(ShellComplete.source(completion).rstrip("\n"))
