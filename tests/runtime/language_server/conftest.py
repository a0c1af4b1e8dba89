"""A real server as a process of its own, and a client that speaks the protocol with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

MELTICA = Path(sys.executable).with_name("meltica")
LIMIT_SECONDS = 30.0
"""For one answer, on a machine that does other work too."""

FRAME = """\
pipeline shown

provider binance { adapter = fake, symbols = [BTC-USDT, ETH-USDT] }

pool market { events = 1_024, on_full = drop_oldest }

route trades via market = binance.trade -> maker

strategy maker = "market-making" { config { size = 0.01 } }
"""


class Editor:
    """What an editor does, in the test's words. `▮` in a text marks the cursor."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}
        self._texts: dict[str, str] = {}

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published.setdefault(params.uri, []).append(params)
            self._news.set()

    def uri(self, name: str = "a.mel") -> str:
        return (self.folder / name).as_uri()

    def id(self, name: str = "a.mel") -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, text: str, name: str = "a.mel") -> types.Position:
        """Opens a document, or gives it a new text; the position of the cursor."""
        at = text.find("▮")
        text = text.replace("▮", "")
        uri = self.uri(name)
        self._texts[name] = text
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        if version == 1:
            item = types.TextDocumentItem(uri, "meltica", version, text)
            self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        else:
            self.client.text_document_did_change(
                types.DidChangeTextDocumentParams(
                    types.VersionedTextDocumentIdentifier(version, uri),
                    [types.TextDocumentContentChangeWholeDocument(text)],
                )
            )
        before = text[: max(at, 0)]
        return types.Position(before.count("\n"), len(before.rpartition("\n")[2].encode("utf-16-le")) // 2)

    def text(self, name: str = "a.mel") -> str:
        return self._texts[name]

    async def diagnostics(self, name: str = "a.mel") -> list[types.Diagnostic]:
        """What the server says of the newest text."""
        uri = self.uri(name)
        await self.until(
            lambda: self.shown(name) is not None and self.shown(name).version == self._versions[uri]
        )
        return list(self.shown(name).diagnostics)

    def shown(self, name: str = "a.mel") -> types.PublishDiagnosticsParams | None:
        return self.published.get(self.uri(name), [None])[-1]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for diagnostics that make something true."""

        async def come() -> None:
            while not holds():
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(come(), LIMIT_SECONDS)


@pytest.fixture
def frame() -> str:
    """A sound pipeline."""
    return FRAME


PLAIN = types.ClientCapabilities()
Talk = Callable[[Editor], Coroutine[None, None, None]]


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., None]:
    """Runs a conversation with a server that was started for it."""

    def run(conversation: Talk, capabilities: types.ClientCapabilities = PLAIN) -> None:
        asyncio.run(_talk(conversation, tmp_path, capabilities))

    return run


async def _talk(conversation: Talk, folder: Path, capabilities: types.ClientCapabilities) -> None:
    client = LanguageClient("test", "1")
    editor = Editor(client, folder)
    await client.start_io(str(MELTICA), "lsp", env=dict(os.environ))
    async with asyncio.timeout(2 * LIMIT_SECONDS):
        await client.initialize_async(
            types.InitializeParams(capabilities=capabilities, root_uri=folder.as_uri())
        )
        client.initialized(types.InitializedParams())
        await conversation(editor)
        await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
