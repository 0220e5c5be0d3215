// The memory of Python once it has loaded the checker, kept by the browser: a later start reads it
// and loads nothing. Where the browser keeps nothing, every start is the first.

const CACHE = "cnnspec";
const address = (version) => `https://cnnspec.invalid/memory-${version}`;

export async function recall(version) {
  try {
    const found = await (await caches.open(CACHE)).match(address(version));
    return found && new Uint8Array(await found.arrayBuffer());
  } catch {
    return undefined;
  }
}

// Takes the place of those of other versions.
export async function remember(version, memory) {
  try {
    await forget();
    await (await caches.open(CACHE)).put(address(version), new Response(memory));
  } catch {
    // A page from disk, a private window, or no room.
  }
}

export const forget = () => caches.delete(CACHE);
