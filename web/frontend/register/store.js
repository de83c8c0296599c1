// What this phone keeps: the applications in IndexedDB, the half-filled form in localStorage.
const open = new Promise((resolve, reject) => {
  const request = indexedDB.open("registration", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("records", { keyPath: "uuid" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

// A private window may keep nothing: then what is sent lives as long as the page.
const memory = new Map();
const fallback = {
  getAll: () => ({ result: [...memory.values()] }),
  get: (uuid) => ({ result: memory.get(uuid) }),
  put: (record) => ({ result: memory.set(record.uuid, record) }),
  delete: (uuid) => ({ result: memory.delete(uuid) }),
};

async function run(mode, work) {
  const database = await open.catch(() => null);
  if (!database) return work(fallback).result;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("records", mode);
    const request = work(transaction.objectStore("records"));
    // Only a completed transaction is on the disk.
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const readAll = () => run("readonly", (store) => store.getAll());
export const read = (uuid) => run("readonly", (store) => store.get(uuid));
export const write = (record) => run("readwrite", (store) => store.put(record));
export const remove = (uuid) => run("readwrite", (store) => store.delete(uuid));

const DRAFT = "registration-draft";

export function readDraft() {
  try {
    return JSON.parse(localStorage.getItem(DRAFT) ?? "null");
  } catch {
    return null;
  }
}

export function writeDraft(draft) {
  try {
    if (draft) localStorage.setItem(DRAFT, JSON.stringify(draft));
    else localStorage.removeItem(DRAFT);
  } catch {
    // Private windows may refuse; the form still sends.
  }
}

/** A random UUID also where crypto.randomUUID is missing: on a plain http address in the office. */
export function newUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
