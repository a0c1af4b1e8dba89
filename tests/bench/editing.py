"""What somebody who types waits for: the language server as a process, asked after each keystroke."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from .scale import TINY, Scale
from .table import Figure, Section

MELTICA = Path(sys.executable).with_name("meltica")
LINES = 1_000
KEYSTROKES = 50
LIMIT_SECONDS = 300
GOAL_MS = 150
"""What nobody takes for waiting: the goal for every answer to a keystroke."""

METHOD = f"""\
`meltica lsp` as a process, a pipeline of {LINES:,} lines, and a client over stdin and stdout. Before each
question a letter is typed into the `where` of the route in the middle, and the whole text is sent: so each
answer is about a text that was never seen before. `completion` is the time until its items are here, `errors`
until the diagnostics of exactly this text are, the pause included that is waited for in case typing goes on;
`outline`, `hints`, `hover` and `formatting` likewise. `all of these` is how long the slowest takes where an
editor asks for all but the errors at once, as editors do. `start` is from `exec` to the answer to
`initialize`. `processor` is what the server's process took for one keystroke and its answer. The floor is a
request of the same connection that needs no work."""

ASKED = ("completion", "hover", "outline", "hints", "formatting")

ROUTE = """
route trades_{n} via market =
    paper.trade
  | where symbol == BTC-USDT and quantity >= 0.001
  | dedupe within 60s
  -> maker_{n}

strategy maker_{n} = "noop" {{ }}
"""


def text_of(lines: int, typed: str) -> tuple[str, types.Position]:
    """A pipeline of so many lines, and the cursor behind what was typed in its middle."""
    head = (
        "pipeline long\n"
        "provider paper { adapter = fake, symbols = [BTC-USDT] }\n"
        "pool market { events = 64, on_full = drop_oldest }\n"
    )
    count = max(1, (lines - 3) // ROUTE.count("\n"))
    routes = [ROUTE.format(n=n) for n in range(count)]
    middle = count // 2
    routes[middle] = routes[middle].replace("0.001", f"0.001 and {typed}")
    text = head + "".join(routes)
    before = text[: text.index(f"and {typed}\n") + len(typed) + 4]
    return text, types.Position(before.count("\n"), len(before.rpartition("\n")[2]))


def measure(folder: Path, scale: Scale) -> Section:
    lines = 60 if scale is TINY else LINES
    return asyncio.run(_measure(folder, lines, scale.of(KEYSTROKES, least=3)))


class _Typist:
    """Types into one document, and asks."""

    def __init__(self, client: LanguageClient, uri: str, lines: int) -> None:
        self.client, self.uri, self.lines = client, uri, lines
        self.version = 0
        self.id = types.TextDocumentIdentifier(uri)
        self.cursor = types.Position(0, 0)
        self._shown = -1
        self._news = asyncio.Event()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self._shown = params.version or -1
            self._news.set()

    def type(self) -> None:
        """One keystroke: the document has a new text."""
        self.version += 1
        text, self.cursor = text_of(self.lines, f"pri{self.version}")
        if self.version == 1:
            item = types.TextDocumentItem(self.uri, "meltica", 1, text)
            self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            return
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.version, self.uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def processor_ms(self) -> float:
        """Processor time that the server has taken so far."""
        server = self.client._server
        assert server is not None, "the server was started"
        fields = Path(f"/proc/{server.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1e3

    async def errors(self) -> None:
        while self._shown != self.version:
            self._news.clear()
            await self._news.wait()

    async def completion(self) -> None:
        found = await self.client.text_document_completion_async(types.CompletionParams(self.id, self.cursor))
        assert any(item.label == "price" for item in found.items), "the field is offered"

    async def hover(self) -> None:
        place = types.Position(self.cursor.line, 4)
        assert await self.client.text_document_hover_async(types.HoverParams(self.id, place))

    async def outline(self) -> None:
        await self.client.text_document_document_symbol_async(types.DocumentSymbolParams(self.id))

    async def hints(self) -> None:
        everywhere = types.Range(types.Position(0, 0), types.Position(self.lines, 0))
        await self.client.text_document_inlay_hint_async(types.InlayHintParams(self.id, everywhere))

    async def formatting(self) -> None:
        options = types.FormattingOptions(2, True)
        await self.client.text_document_formatting_async(types.DocumentFormattingParams(self.id, options))

    async def all_of_these(self) -> None:
        async with asyncio.TaskGroup() as asked:
            for name in ASKED:
                asked.create_task(getattr(self, name)())

    async def nothing(self) -> None:
        await self.client.completion_item_resolve_async(types.CompletionItem("nothing"))


async def _measure(folder: Path, lines: int, keystrokes: int) -> Section:
    client = LanguageClient("bench", "1")
    began = time.perf_counter()
    await client.start_io(str(MELTICA), "lsp")
    async with asyncio.timeout(LIMIT_SECONDS):
        await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
        started = (time.perf_counter() - began) * 1e3
        typist = _Typist(client, (folder / "long.mel").as_uri(), lines)
        typist.type()
        await typist.errors()
        floor = median([await _ms(typist.nothing) for _ in range(keystrokes)])
        figures = [Figure("start", started, "ms", 1_000, less_is_better=True)]
        for name in (*ASKED, "all_of_these", "errors"):
            figures += await _question(typist, name, keystrokes, floor)
        await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return Section("Editing", METHOD, tuple(figures))


async def _question(typist: _Typist, name: str, keystrokes: int, floor: float) -> list[Figure]:
    await typist.errors()
    before = typist.processor_ms()
    times = [await _keystroke(typist, getattr(typist, name)) for _ in range(keystrokes)]
    spent = (typist.processor_ms() - before) / keystrokes
    worst = quantiles(times, n=100, method="inclusive")[98]
    work = name.replace("_", " ")
    return [
        Figure(f"{work}, p50", median(times), "ms", GOAL_MS, floor, "empty request", less_is_better=True),
        Figure(f"{work}, p99", worst, "ms", GOAL_MS, floor, "empty request", less_is_better=True),
        Figure(f"{work}, processor", spent, "ms"),
    ]


async def _keystroke(typist: _Typist, ask: Callable[[], Awaitable[None]]) -> float:
    typist.type()
    return await _ms(ask)


async def _ms(ask: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1e3
