// The checker in a worker of this page: Python in WebAssembly, started anew if it breaks.

const LONGEST = 15_000; // ms for an answer, after which the worker is taken to be lost
const ATTEMPTS = 3; // starts in a row that may fail

export async function connect() {
  const { begin, files, version } = globalThis.CNNSPEC;
  return new Engine(begin, files ? served(files) : unpacked(), version);
}

// The worker and its files beside the page.
function served(files) {
  const address = (name) => new URL(name, location.href).href;
  return {
    worker: address("worker.js"),
    files: Object.fromEntries(Object.entries(files).map(([name, path]) => [name, address(path)])),
  };
}

// The same inside of a page that is one file.
async function unpacked() {
  const [worker, wasm, library, checker] = await Promise.all(
    ["worker", "wasm", "library", "checker"].map(async (name) => {
      const element = document.getElementById(`file-${name}`);
      const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
      element.remove();
      return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
    }),
  );
  return {
    worker: URL.createObjectURL(new Blob([worker], { type: "text/javascript" })),
    files: { wasm, library, checker },
  };
}

class Engine {
  // `given` is the address of the worker and its files; those of one file are unpacked first.
  constructor(begin, given, version) {
    this.begin = begin;
    this.given = given;
    this.version = version;
    this.waiting = new Map();
    this.number = 0;
    this.failures = 0;
    this.starts = 0;
    this.start();
  }

  async start() {
    this.starts += 1;
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.ready.catch(() => {});
    try {
      const { worker, files } = await this.given;
      this.worker = new Worker(worker);
      this.worker.onmessage = ({ data }) => this.take(data);
      this.worker.onerror = (event) => this.broken(event.message);
      this.worker.postMessage({ files: { ...files, version: this.version }, fresh: this.starts > 1 });
    } catch (error) {
      this.reject(error);
    }
  }

  take({ ready, id, answer, bug, broken }) {
    if (broken !== undefined) return this.broken(broken);
    if (ready) {
      this.failures = 0;
      return this.resolve();
    }
    const { resolve, reject, timer } = this.waiting.get(id) ?? {};
    clearTimeout(timer);
    this.waiting.delete(id);
    if (bug) reject?.(new Error(`This is a bug of cnnspec, not yours: ${bug.trim().split("\n").at(-1)}`));
    else resolve?.(JSON.parse(answer));
  }

  // Every question that waits fails; the text stays, and the next change is checked again.
  broken(why) {
    this.worker.terminate();
    this.failures += 1;
    const last = this.failures >= ATTEMPTS;
    const error = new Error(last ? `The checker does not start: ${why}` : "The checker broke down and was started again. The text is as it was.");
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.waiting.clear();
    this.reject(error);
    if (!last) this.start();
  }

  async ask(request) {
    // What the page begins with was worked out when it was made: the editor waits for no Python.
    if (request.ask === "begin") return this.begin;
    await this.ready;
    return new Promise((resolve, reject) => {
      const id = (this.number += 1);
      const timer = setTimeout(() => this.broken("no answer came"), LONGEST);
      this.waiting.set(id, { resolve, reject, timer });
      this.worker.postMessage({ id, text: JSON.stringify(request) });
    });
  }
}
