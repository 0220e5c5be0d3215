// The checker in Pyodide, wherever that runs: its files, and `answer`, from text to text.

export const ASK = `
import json, sys
sys.path.insert(0, "/checker")
from cnnspec.page.answers import Answers
_answers = Answers()
def answer(text):
    return json.dumps(_answers.answer(json.loads(text)))
`;

// The files of the checker are one behind the other, with an index in front.
export function unpack(python, bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const made = new Set();
  for (const [name, [at, size]] of Object.entries(index)) {
    const path = `/checker/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(folder)) python.FS.mkdirTree(folder);
    made.add(folder);
    python.FS.writeFile(path, bytes.subarray(4 + length + at, 4 + length + at + size));
  }
}
