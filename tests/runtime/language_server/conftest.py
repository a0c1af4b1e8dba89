"""A real server as a process, and a client that speaks the protocol with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
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

    def hear(self, params: types.PublishDiagnosticsParams) -> None:
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

    def close(self, name: str = "a.mel") -> None:
        del self._versions[self.uri(name)]
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.id(name)))

    def close_all(self) -> None:
        for name in [name for name in self._texts if self.uri(name) in self._versions]:
            self.close(name)

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


Talk = Callable[[Editor], Coroutine[None, None, None]]


class Server:
    """A server and the client that is connected to it; `editor` hears what the server publishes."""

    def __init__(self) -> None:
        self.client = LanguageClient("test", "1")
        self.editor: Editor | None = None

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            if self.editor is not None:
                self.editor.hear(params)

    async def start(self, capabilities: types.ClientCapabilities) -> None:
        await self.client.start_io(str(MELTICA), "lsp", env=dict(os.environ))
        async with asyncio.timeout(LIMIT_SECONDS):
            await self.client.initialize_async(types.InitializeParams(capabilities=capabilities))
            self.client.initialized(types.InitializedParams())

    async def talk(self, conversation: Talk, folder: Path) -> None:
        """A conversation about a folder; what was opened is closed at its end."""
        self.editor = Editor(self.client, folder)
        place = types.WorkspaceFolder(folder.as_uri(), folder.name)
        self._folders_changed(types.WorkspaceFoldersChangeEvent(added=[place], removed=[]))
        try:
            async with asyncio.timeout(2 * LIMIT_SECONDS):
                await conversation(self.editor)
        finally:
            self.editor.close_all()
            self._folders_changed(types.WorkspaceFoldersChangeEvent(added=[], removed=[place]))

    def _folders_changed(self, event: types.WorkspaceFoldersChangeEvent) -> None:
        self.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    async def stop(self) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """Where the clients of all servers run."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def server(loop: asyncio.Runner) -> Iterator[Server]:
    """One server for the whole run: an editor keeps its server, too, and a start costs more than a test."""
    started = Server()
    loop.run(started.start(types.ClientCapabilities()))
    yield started
    loop.run(started.stop())


@pytest.fixture
def talk(loop: asyncio.Runner, server: Server, tmp_path: Path) -> Callable[..., None]:
    """Runs a conversation with the server, or with one of its own for a client of other capabilities."""

    def run(conversation: Talk, capabilities: types.ClientCapabilities | None = None) -> None:
        if capabilities is None:
            loop.run(server.talk(conversation, tmp_path))
            return
        other = Server()
        loop.run(other.start(capabilities))
        loop.run(other.talk(conversation, tmp_path))
        loop.run(other.stop())

    return run
