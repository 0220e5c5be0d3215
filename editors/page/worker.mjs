// The checker in a worker: Python, and one function that takes a question and gives an answer.
import createPyodideModule from "pyodide/pyodide.asm.mjs";
import { loadPyodide } from "pyodide";
import { ASK, unpack } from "./checker.mjs";
import { forget, recall, remember } from "./memory.mjs";
import lock from "pyodide/pyodide-lock.json";

let answer;

// Where a file comes from: an address, or its bytes in a page that is one file. `fresh` takes no
// memory of an earlier start: that may be what broke the last one.
async function start({ wasm, library, checker, version }, fresh) {
  const addresses = { "pyodide.asm.wasm": wasm, "python.zip": library };
  const load = self.fetch.bind(self);
  self.fetch = (address, options) => {
    const given = addresses[String(address).split("/").at(-1)];
    if (given === undefined) return load(address, options);
    return typeof given === "string"
      ? load(given, options)
      : Promise.resolve(new Response(given, { headers: { "content-type": "application/wasm" } }));
  };
  if (fresh) await forget().catch(() => {});
  const memory = await recall(version);
  const [python, files] = await Promise.all([
    loadPyodide({
      ...(memory ? { _loadSnapshot: memory } : { _makeSnapshot: true }),
      createPyodideModule,
      indexURL: "https://cnnspec.invalid/",
      stdLibURL: "https://cnnspec.invalid/python.zip",
      lockFileContents: { info: lock.info, packages: {} },
      packageBaseUrl: "https://cnnspec.invalid/",
      // Read-only is enough: what is written once is not compiled again.
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    }),
    typeof checker === "string" ? load(checker).then((found) => found.arrayBuffer()) : checker,
  ]);
  unpack(python, new Uint8Array(files));
  self.python = python;
  if (!memory) python.runPython(ASK);
  // Before anybody's text is in it.
  const made = memory ? null : python.makeMemorySnapshot();
  answer = python.globals.get("answer");
  return made && (() => remember(version, made));
}

// What Python raises is a bug of ours and leaves Python whole; anything else has broken it.
const isWhole = (error) => error?.constructor?.name === "PythonError";

self.onmessage = async ({ data }) => {
  if (data.files) {
    try {
      const keep = await start(data.files, data.fresh);
      self.postMessage({ ready: true });
      await keep?.();
    } catch (error) {
      self.postMessage({ broken: String(error?.message ?? error) });
    }
    return;
  }
  try {
    self.postMessage({ id: data.id, answer: answer(data.text) });
  } catch (error) {
    const message = String(error?.message ?? error);
    self.postMessage(isWhole(error) ? { id: data.id, bug: message } : { broken: message });
  }
};
