// The client of `cnnspec lsp`, and the commands that need a terminal.
const { LanguageClient } = require("vscode-languageclient/node");
const { Uri, commands, window, workspace } = require("vscode");

const INSTALL = "pip install 'cnnspec[lsp]'";
let client;

function program() {
  return workspace.getConfiguration("cnnspec").get("command") || "cnnspec";
}

async function start() {
  const run = { command: program(), args: ["lsp"] };
  client = new LanguageClient("cnnspec", "cnnspec", run, {
    documentSelector: [{ language: "cnn" }],
    synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.cnn") },
    initializationOptions: { trainCommand: "cnnspec.train" },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(
      `cnnspec: the language server did not start (${error.message}). ` +
        `Is it installed? ${INSTALL}. The setting cnnspec.command names another program.`,
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

// One terminal for each command and file, which is saved first: the program reads the file.
async function inTerminal(name, given, ...options) {
  const uri = typeof given === "string" ? Uri.parse(given) : window.activeTextEditor?.document.uri;
  if (!uri || uri.scheme !== "file") {
    window.showInformationMessage("cnnspec: save the spec to a file first");
    return;
  }
  const open = workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (open?.isDirty && !(await open.save())) return;
  const folder = workspace.getWorkspaceFolder(uri)?.uri;
  const title = `cnnspec ${name} ${uri.path.split("/").at(-1)}`;
  window.terminals.find((each) => each.name === title)?.dispose();
  const terminal = window.createTerminal({ name: title, cwd: folder });
  terminal.show(true);
  terminal.sendText([program(), name, uri.fsPath, ...options].map(quoted).join(" "));
}

// So that a shell reads no name of a file as a command.
function quoted(word) {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return process.platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

exports.activate = async (context) => {
  context.subscriptions.push(
    commands.registerCommand("cnnspec.check", (uri) => inTerminal("check", uri)),
    commands.registerCommand("cnnspec.train", (uri) => inTerminal("train", uri)),
    commands.registerCommand("cnnspec.page", (uri) => inTerminal("serve", uri, "--port", "0")),
    commands.registerCommand("cnnspec.restart", async () => {
      await stop();
      await start();
    }),
    workspace.onDidChangeConfiguration(async (change) => {
      if (!change.affectsConfiguration("cnnspec.command")) return;
      await stop();
      await start();
    }),
  );
  await start();
};

exports.deactivate = stop;
