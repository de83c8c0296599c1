// Drafts outlive the page: each step is kept in IndexedDB, until it is saved or thrown away by hand.

const NAME = "langbiang-editor";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

let opened = null;

async function run(mode, work) {
  opened ??= open();
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("drafts", mode);
    const request = work(transaction.objectStore("drafts"));
    // Only a completed transaction is on the disk.
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** The drafts of one account, the newest first; none where the browser keeps nothing. */
export async function listDrafts(user) {
  try {
    const all = await run("readonly", (store) => store.getAll());
    return all.filter((draft) => draft.user === user).sort((a, b) => b.at - a.at);
  } catch {
    return [];
  }
}

/** Keep a draft; gives whether it is on the disk. */
export async function keepDraft(draft) {
  try {
    await run("readwrite", (store) => store.put(draft));
    return true;
  } catch {
    return false;
  }
}

export async function dropDraft(key) {
  try {
    await run("readwrite", (store) => store.delete(key));
  } catch {
    // What was never kept needs no dropping.
  }
}
