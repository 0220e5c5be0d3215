// Links that carry a text, and perhaps the rules of an assignment: packed into the fragment,
// which no browser sends to a server.

export async function packed(value) {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const MOST = 4 * 2 ** 20;

// Throws for a link that was cut or is not one of ours.
export async function unpacked(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST) throw new Error("too large");
    parts.push(value);
  }
  const found = JSON.parse(await new Blob(parts).text());
  if (typeof found?.text !== "string") throw new Error("not a spec");
  return found;
}

// What the address asks for: a text (`null` without one), whether it is embedded, and so on.
export async function fromAddress(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const asked = { embed: given.has("embed"), exercise: given.has("exercise"), tab: given.get("tab") };
  if (!given.has("spec")) return { ...asked, shared: null };
  try {
    return { ...asked, shared: await unpacked(given.get("spec")) };
  } catch {
    return { ...asked, shared: null, broken: true };
  }
}

export async function toAddress({ text, rules, exercise, embed, tab }) {
  const parts = [`spec=${await packed(rules ? { text, rules } : { text })}`];
  if (exercise) parts.push("exercise");
  if (embed) parts.push("embed");
  if (tab) parts.push(`tab=${tab}`);
  return `${location.href.split("#")[0]}#${parts.join("&")}`;
}
