// The registration page without a network. Pages: the newest when there is a network, else the last
// one seen. Files under /static carry a hash in their name, so a copy is as good as the original.
const CACHE = "register-{{ version }}";
const PAGE = "/dang-ky";
const FILES = {{ files | tojson }};

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...FILES])).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(
        names.filter((name) => name.startsWith("register-") && name !== CACHE).map((name) => caches.delete(name)),
      ))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === PAGE) event.respondWith(newest(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(kept(request));
});

async function newest(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await withLimit(fetch(request), 4000);
    // A language that was asked for is remembered by the server, so one copy is enough.
    if (answer.ok) await cache.put(PAGE, answer.clone());
    return answer;
  } catch {
    return (await cache.match(PAGE)) ?? Response.error();
  }
}

async function kept(request) {
  const cache = await caches.open(CACHE);
  const copy = await cache.match(request);
  if (copy) return copy;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

function withLimit(promise, ms) {
  return Promise.race([
    promise,
    new Promise((_, refuse) => setTimeout(() => refuse(new Error("slow")), ms)),
  ]);
}
