// The queue: records wait in the phone until the server has answered for each. Not left to the
// browser's Background Sync, which iPhones lack. Sending again is safe: the server knows the UUID.
import { read, readAll, write } from "./store.js";

const SOONEST_S = 5;
const LATEST_S = 120;
// A network that swallows requests must not hold the queue.
const LONGEST_S = 40;
let pause = SOONEST_S;
let timer = null;
let running = null;
// Something was saved, or the network came back, after the run under way had read what waits.
let again = false;

/** Send all that waits; `changed` is called whenever a record's state changes. */
export function flush(address, changed) {
  again = running !== null;
  running ??= sendAll(address, changed).finally(() => {
    running = null;
    if (again) flush(address, changed);
  });
  return running;
}

/** The network is back: often not for the very first request, so the next one follows soon. */
export function flushSoon(address, changed) {
  pause = 1;
  return flush(address, changed);
}

async function sendAll(address, changed) {
  clearTimeout(timer);
  let left = 0;
  for (const { uuid } of (await readAll()).filter((record) => record.state === "waiting")) {
    if (!(await sendOne(uuid, address, changed))) left += 1;
  }
  if (left) {
    timer = setTimeout(() => flush(address, changed), pause * 1000);
    pause = Math.min(pause * 2, LATEST_S);
  } else {
    pause = SOONEST_S;
  }
}

/** Whether the server has answered, one way or the other. */
async function sendOne(uuid, address, changed) {
  const record = await read(uuid);
  if (!record || record.state !== "waiting") return true;
  const sentVersion = record.version;
  await changed({ ...record, state: "sending" });
  let outcome;
  const patience = new AbortController();
  const limit = setTimeout(() => patience.abort(), LONGEST_S * 1000);
  try {
    const answer = await fetch(address + uuid, {
      method: "PUT",
      signal: patience.signal,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(record.document),
    });
    if (answer.ok) {
      const { receipt, status, address: page } = await answer.json();
      outcome = { state: "received", receipt, status, page, problem: null };
    } else if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
      outcome = { state: "waiting", busy: true };
    } else {
      outcome = { state: "refused", problem: await answer.json().catch(() => ({})) };
    }
  } catch {
    outcome = { state: "waiting", busy: false };
  } finally {
    clearTimeout(limit);
  }
  const now = await read(uuid);
  if (!now) return true;
  // Edited while it was on its way: the newer one still has to go.
  if (now.version !== sentVersion) outcome = { ...outcome, state: "waiting" };
  const kept = { ...now, ...outcome };
  await write(kept);
  await changed(kept);
  return kept.state !== "waiting";
}

/** Ask how the received ones stand; answers without a network are left as they were. */
export async function refresh(address, changed) {
  for (const record of await readAll()) {
    if (record.state !== "received" || record.status === "approved") continue;
    try {
      const answer = await fetch(address + record.uuid, { headers: { Accept: "application/json" } });
      if (!answer.ok) continue;
      const { status, reason, code } = await answer.json();
      if (status === record.status && reason === record.reason) continue;
      const kept = { ...(await read(record.uuid)), status, reason, code };
      await write(kept);
      await changed(kept);
    } catch {
      return;
    }
  }
}
