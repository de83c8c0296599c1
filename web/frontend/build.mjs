// Builds what the browser loads: every script beside this file and every style sheet of css/ whose
// name does not begin with "_" becomes a file with its hash in its name under web/static/dist, and
// manifest.json says which ({"map.js": "map-3F2A9C1B.js"}), so that all of it may be cached for ever.
import { readdirSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "static", "dist");
// Built aside and swapped in, so that a failed build leaves the site as it was.
const fresh = `${dist}.${process.pid}`;

const entries = [
  ...readdirSync(here)
    .filter((name) => name.endsWith(".js") && !name.startsWith("_"))
    .map((name) => join(here, name)),
  ...readdirSync(join(here, "css"))
    .filter((name) => name.endsWith(".css") && !name.startsWith("_"))
    .map((name) => join(here, "css", name)),
];

// What few people need of the map (the editor) is a part of its own, loaded by `import("…")`. Other
// scripts stay whole: the registration's works offline, where each part more could be missing.
const inParts = (path) => basename(path) === "map.js";

function bundle(entryPoints, splitting) {
  return build({
    entryPoints,
    outdir: fresh,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    splitting,
    minify: true,
    format: "esm",
    // Older targets fail on OpenLayers' destructuring; these are the browsers of 2021.
    target: ["chrome87", "safari14.1", "firefox90"],
    loader: { ".woff2": "file", ".svg": "file" },
    legalComments: "linked",
    metafile: true,
    logLevel: "warning",
  });
}

try {
  const built = await Promise.all([
    bundle(entries.filter((path) => !inParts(path)), false),
    bundle(entries.filter(inParts), true),
  ]);
  const outputs = Object.assign({}, ...built.map((result) => result.metafile.outputs));
  const manifest = {};
  for (const [path, output] of Object.entries(outputs)) {
    if (output.entryPoint && /\.(js|css)$/.test(path)) {
      manifest[basename(output.entryPoint)] = basename(path);
    } else if (path.endsWith(".js")) {
      // What several parts share; named here so that it may be kept for ever, too.
      manifest[basename(path)] = basename(path);
    } else if (path.endsWith(".woff2")) {
      // Fonts too, so that a page may preload one by its plain name.
      manifest[basename(path).replace(/-[A-Z0-9]{8}(?=\.woff2$)/, "")] = basename(path);
    }
  }
  await mkdir(fresh, { recursive: true });
  await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  // Compressed once here instead of at each request: the map is 600 kB of script, 150 in Brotli.
  await Promise.all(
    Object.values(manifest)
      .filter((name) => /\.(js|css)$/.test(name))
      .map(async (name) => {
        const file = join(fresh, name);
        const body = await readFile(file);
        await writeFile(`${file}.br`, await promisify(brotliCompress)(body));
        await writeFile(`${file}.gz`, await promisify(gzip)(body, { level: 9 }));
      }),
  );
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
  for (const [path, output] of Object.entries(outputs)) {
    if (output.entryPoint) {
      console.log(`${relative(here, dist)}/${basename(path)}  ${(output.bytes / 1024).toFixed(1)} kB`);
    }
  }
} catch (error) {
  await rm(fresh, { recursive: true, force: true });
  console.error(`The front end was not built: ${error.message}`);
  process.exitCode = 1;
}
