// Starts `meltica lsp` and lets it answer. Everything else the language server knows.
"use strict";

const path = require("path");
const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function command() {
  const settings = workspace.getConfiguration("meltica");
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath;
  const named = settings.get("path") || "meltica";
  const config = settings.get("config");
  return {
    command: named.startsWith("./") && folder ? path.join(folder, named) : named,
    args: config ? ["lsp", "--config", config] : ["lsp"],
    options: folder ? { cwd: folder } : {},
  };
}

async function start() {
  client = new LanguageClient("meltica", "Meltica", command(), {
    documentSelector: [{ language: "meltica" }],
    // What a pipeline's meaning depends on besides its own text.
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/{*.mel,*.js,registry.json,app.yaml}") },
  });
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(
      `Meltica: cannot start \`${command().command} lsp\`: ${error.message}. Install meltica, or set meltica.path.`,
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.isRunning()) await running.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("meltica.restart", restart),
    workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("meltica") && restart()),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
