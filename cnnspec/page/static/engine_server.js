// The checker of `cnnspec serve`: the same questions, answered by this machine.

export async function post(path, data = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(data),
    });
  } catch {
    throw new Error("the server does not answer: is `cnnspec serve` still running?");
  }
  return read(response);
}

export async function get(path) {
  try {
    return read(await fetch(path));
  } catch {
    throw new Error("the server does not answer: is `cnnspec serve` still running?");
  }
}

async function read(response) {
  const found = await response.json().catch(() => ({ error: [{ message: response.statusText }] }));
  if (!response.ok) throw Object.assign(new Error(told(found.error)), { status: response.status });
  return found;
}

export const told = (problems) =>
  problems.map((each) => (each.help ? `${each.message}: ${each.help}` : each.message)).join("\n");

export async function connect() {
  return { ask: (request) => post("ask", request), ready: Promise.resolve(), machine: await get("machine") };
}
