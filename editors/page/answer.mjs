// The built checker on Node, for tests: `node answer.mjs FOLDER < questions > answers`, a line each.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { loadPyodide } from "pyodide";
import { ASK, unpack } from "./checker.mjs";

const folder = resolve(process.argv[2]);
const python = await loadPyodide({ stdLibURL: join(folder, "python.zip") });
unpack(python, new Uint8Array(readFileSync(join(folder, "cnnspec.bin"))));
python.runPython(ASK);
const answer = python.globals.get("answer");
for await (const line of createInterface({ input: process.stdin })) console.log(answer(line));
