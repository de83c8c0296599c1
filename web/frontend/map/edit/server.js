// What the editor asks of the server, and what may come back. Nothing here touches the page.
import { settings } from "../settings.js";

const items = (layer) => settings.items.replace("{layer}", layer);

/** What went wrong: `kind` says which way to go on, `problem` is the server's own document. */
export class Refused extends Error {
  constructor(kind, problem = {}, status = 0) {
    super(problem.detail ?? kind);
    Object.assign(this, { kind, problem, status });
  }
}

const KINDS = { 401: "signed-out", 403: "forbidden", 404: "gone", 410: "gone", 412: "stale", 428: "stale", 413: "too-big", 503: "busy", 502: "busy", 504: "busy" };

function kindOf(status, problem) {
  if (Array.isArray(problem.problems)) {
    return status === 409 ? "reason-needed" : "rules";
  }
  return KINDS[status] ?? (status >= 500 ? "failed" : "refused");
}

async function call(address, { method = "GET", body, type = "application/json", headers = {} } = {}) {
  let answer;
  try {
    answer = await fetch(address, {
      method,
      // DELETE says a type, too: the server takes it as the mark of a script of this site.
      headers: { Accept: "application/geo+json, application/json;q=0.9", ...(method === "GET" ? {} : { "Content-Type": type }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused("offline");
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(kindOf(answer.status, problem), problem, answer.status);
  }
  return answer;
}

function writing(etag, reason) {
  return {
    Prefer: "handling=strict",
    ...(etag ? { "If-Match": etag } : {}),
    ...(reason ? { "Langbiang-Reason": encodeURIComponent(reason) } : {}),
  };
}

async function featureOf(answer) {
  const { id, geometry, properties } = await answer.json();
  return { id, geometry, properties, etag: answer.headers.get("ETag") };
}

export async function readFeature(layer, id) {
  return featureOf(await call(`${items(layer)}/${id}`, { headers: { "Cache-Control": "no-cache" } }));
}

/** Save a new feature, or what changed of one; gives it as the server has it now. */
export async function save(layer, id, feature, { etag, reason }) {
  if (id === null) {
    return featureOf(await call(items(layer), { method: "POST", type: "application/geo+json", body: feature, headers: writing(null, reason) }));
  }
  return featureOf(
    await call(`${items(layer)}/${id}`, { method: "PATCH", type: "application/merge-patch+json", body: feature, headers: writing(etag, reason) }),
  );
}

export async function remove(layer, id, { etag, reason }) {
  await call(`${items(layer)}/${id}`, { method: "DELETE", headers: writing(etag, reason) });
}

/** What the rules say of a shape before it is saved. */
export async function check(layer, feature) {
  const answer = await call(`/api/v1/${layer}/check`, { method: "POST", body: feature });
  return (await answer.json()).problems;
}

export async function split(layer, id, line, { etag, reason }) {
  return (await call(`/api/v1/${layer}/${id}/split`, { method: "POST", body: { line }, headers: writing(etag, reason) })).json();
}

export async function merge(layer, targets, reason) {
  return (await call(`/api/v1/${layer}/merge`, { method: "POST", body: { features: targets }, headers: writing(null, reason) })).json();
}

/** The features of a layer in a box of degrees; at most so many that the browser stays quick. */
export async function readBox(layer, box, extra = "") {
  const corners = box.map((value) => value.toFixed(7)).join(",");
  return (await call(`${items(layer)}?limit=1000&bbox=${corners}${extra}`)).json();
}

const converted = new Map();

/** A point of one system in another; the same question is asked once. */
export function convert(x, y, crs, to) {
  const query = new URLSearchParams({ x, y, crs, to }).toString();
  if (!converted.has(query)) {
    const asked = call(`${settings.editor.coordinates}?${query}`).then((answer) => answer.json());
    asked.catch(() => converted.delete(query));
    converted.set(query, asked);
    if (converted.size > 500) {
      converted.delete(converted.keys().next().value);
    }
  }
  return converted.get(query);
}
