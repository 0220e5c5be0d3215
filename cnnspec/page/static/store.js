// What the browser keeps for this page. Where it may keep nothing, the page works without.

const KEY = "cnnspec";

export function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export function save(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...load(), ...changes }));
    return true;
  } catch {
    return false;
  }
}
