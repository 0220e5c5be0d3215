// Latest wins: while one request is answered only the newest of the others waits. Of those that come
// in one turn of the event loop, as by a fix of many places, only the last is asked at all.

export class Latest {
  #ask;
  #waiting = null;
  #busy = false;

  constructor(ask) {
    this.#ask = ask;
  }

  // The answer, or undefined where a newer request took the place of this one.
  ask(request) {
    this.#waiting?.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { request, resolve, reject };
      queueMicrotask(() => this.#next());
    });
  }

  async #next() {
    if (this.#busy || !this.#waiting) return;
    const { request, resolve, reject } = this.#waiting;
    this.#waiting = null;
    this.#busy = true;
    try {
      resolve(await this.#ask(request));
    } catch (error) {
      reject(error);
    } finally {
      this.#busy = false;
      this.#next();
    }
  }
}
