// The page that needs no server, as a folder and as one file: `node build.mjs OUT [PYTHON]`.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { loadPyodide } from "pyodide";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const source = join(root, "cnnspec/page/static");
const [target = join(root, "dist/page"), python = "python3"] = process.argv.slice(2);
const out = resolve(target);
const pyodide = join(here, "node_modules/pyodide");
const read = (...path) => readFileSync(join(...path));

async function pack() {
  const lark = execFileSync(python, ["-c", "import lark; print(lark.__path__[0])"], { encoding: "utf8" }).trim();
  const engine = await loadPyodide();
  for (const [place, folder] of [["/repo", root], ["/site/lark", lark], ["/out", out], ["/pyodide", pyodide], ["/here", here]]) {
    engine.FS.mkdirTree(place);
    engine.FS.mount(engine.FS.filesystems.NODEFS, { root: folder }, place);
  }
  engine.runPython(`
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/here", "/repo", "/site"]
from pathlib import Path
import pack
pack.main(Path("/repo"), Path("/site/lark"), Path("/pyodide/python_stdlib.zip"), Path("/out"))
`);
}

const bundled = async (options) =>
  (await build({ absWorkingDir: here, bundle: true, minify: true, write: false, legalComments: "none", target: "es2022", ...options })).outputFiles[0].text;

// The entry: what the page would ask a server for is there before its first line runs.
const page = (given) => bundled({
  stdin: {
    contents: `import "begin"; import ${JSON.stringify(join(source, "main.js"))};`,
    resolveDir: here,
  },
  format: "iife",
  plugins: [{
    name: "begin",
    setup(build) {
      build.onResolve({ filter: /^begin$/ }, () => ({ path: "begin", namespace: "begin" }));
      build.onLoad({ filter: /.*/, namespace: "begin" }, () => ({
        contents: `globalThis.CNNSPEC = { begin: ${read(out, "begin.json")}, ...${JSON.stringify(given)} };`,
      }));
    },
  }],
});

const html = (policy, style, script) =>
  read(source, "index.html").toString()
    .replace('<meta charset="utf-8">', `$&\n<meta http-equiv="Content-Security-Policy" content="${policy}">`)
    .replace("<body>", '<body data-engine="worker">')
    .replace('<link rel="stylesheet" href="style.css">', () => style)
    .replace('<script type="module" src="main.js"></script>', () => script);

const COMMON = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'";

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await pack();
const worker = await bundled({
  entryPoints: ["worker.mjs"],
  format: "iife",
  platform: "browser",
  // Pyodide refuses classic workers, and a page from disk may start no other.
  banner: { js: "self.importScripts=()=>{throw 0};" },
  external: ["node:*", "ws", "fs", "fs/promises", "path", "url", "crypto", "child_process", "vm", "module"],
  define: { "import.meta.url": '"https://cnnspec.invalid/pyodide.mjs"' },
});
writeFileSync(join(out, "worker.js"), worker);
writeFileSync(join(out, "pyodide.asm.wasm"), read(pyodide, "pyodide.asm.wasm"));
const files = { wasm: "pyodide.asm.wasm", library: "python.zip", checker: "cnnspec.bin" };
const hash = createHash("sha256");
for (const name of [...Object.values(files), "worker.js"]) hash.update(read(out, name));
const version = hash.digest("hex").slice(0, 16);
writeFileSync(join(out, "style.css"), read(source, "style.css"));
writeFileSync(join(out, "page.js"), await page({ files, version }));
writeFileSync(join(out, "index.html"), html(
  `${COMMON}; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'`,
  '<link rel="stylesheet" href="style.css">',
  '<script defer src="page.js"></script>',
));

// One file: everything in it, compressed; the browser unpacks it.
const inside = { worker: worker, wasm: read(out, files.wasm), library: read(out, files.library), checker: read(out, files.checker) };
const parts = Object.entries(inside).map(([name, data]) =>
  `<script type="application/octet-stream" id="file-${name}">${gzipSync(data, { level: 9 }).toString("base64")}</script>`);
const script = (await page({ files: null, version })).replaceAll("</script", "<\\/script");
writeFileSync(join(out, "../cnnspec.html"), html(
  `${COMMON}; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:`,
  `<style>\n${read(source, "style.css")}</style>`,
  `${parts.join("\n")}\n<script>${script}</script>`,
));
