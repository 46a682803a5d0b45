// What the page asks the lab. A page that was shared has all its data inside and asks nobody.

const inside = document.getElementById("lab-data");
export const shared = inside ? JSON.parse(inside.textContent) : null;
export const session = shared ? "" : kept();

// The name of this page's session, which a reload leaves as it is, so that a training is found again.
function kept() {
  const place = `elman-lab${location.pathname}`, made = crypto.randomUUID();
  try {
    const found = sessionStorage.getItem(place) || made;
    sessionStorage.setItem(place, found);
    return found;
  } catch {
    return made; // a browser that keeps nothing
  }
}

export class Problem extends Error {}

async function answered(response) {
  let said = null;
  try {
    said = await response.json();
  } catch {
    throw new Problem(`the lab answered ${response.status}`);
  }
  if (!response.ok) throw new Problem(said.error ? said.error.message : `the lab answered ${response.status}`);
  return said;
}

async function sent(path, request) {
  try {
    return await fetch(`api/${path}`, request);
  } catch {
    throw new Problem("the lab does not answer: is `elman lab` still running?");
  }
}

export async function ask(path, body) {
  if (body === undefined) return answered(await sent(path, { headers: { "x-session": session } }));
  const headers = { "content-type": "application/json", "x-session": session };
  return answered(await sent(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export async function sendTable(file, reading) {
  const headers = { "content-type": "text/csv", "x-session": session, "x-name": encodeURIComponent(file.name), "x-reading": encodeURIComponent(JSON.stringify(reading)) };
  return answered(await sent("table", { method: "POST", headers, body: file }));
}

export async function sharedPage(body) {
  const headers = { "content-type": "application/json", "x-session": session };
  const response = await sent("share", { method: "POST", headers, body: JSON.stringify(body) });
  return response.ok ? response.blob() : answered(response);
}

// hear: of all that happens; quiet: of an interruption, which the browser tries to mend; lost: of its end
export function listen(hear, quiet, lost) {
  const source = new EventSource(`api/events?session=${session}`);
  source.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.kind === "end") source.close();
    hear(news);
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) lost();
    else quiet();
  };
  return source;
}

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let k = 0; k < binary.length; k += 1) bytes[k] = binary.charCodeAt(k);
  return bytes;
}

export const unpacked = (packed) => ({ shape: packed.shape, values: new Float32Array(bytesOf(packed.float32).buffer) });
export const unpackedBytes = bytesOf;
