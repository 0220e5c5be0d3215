// CodeMirror as one module, `cnnspec/page/static/vendor/codemirror.js`, with its licences in front.
// It is committed, so that `cnnspec serve` needs no npm; a test compares it with what this makes.
import { build } from "esbuild";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "../../cnnspec/page/static/vendor/codemirror.js");

const result = await build({
  absWorkingDir: here,
  entryPoints: ["codemirror.mjs"],
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  metafile: true,
  write: false,
});
const packages = new Map();
for (const path of Object.keys(result.metafile.inputs)) {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (!name || packages.has(name)) continue;
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const licence = ["LICENSE", "LICENSE.md"].map((each) => join(folder, each)).find(existsSync);
  packages.set(name, { version, licence: licence ? readFileSync(licence, "utf8").trim() : "MIT" });
}
const sorted = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
const texts = new Set(sorted.map(([, each]) => each.licence));
const head = [
  "Made by `make page` from editors/page/codemirror.mjs: do not edit. It holds",
  ...sorted.map(([name, { version }]) => `  ${name} ${version}`),
  "",
  ...[...texts].flatMap((text) => [...text.split("\n").map((line) => line.trimEnd()), ""]),
];
writeFileSync(target, `/*!\n${head.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n${result.outputFiles[0].text}`);
