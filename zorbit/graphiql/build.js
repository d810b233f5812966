// Bundles GraphiQL and Monaco's workers into dist/, with the licences of all that is in there.
import { rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { build } from "esbuild";
import { licences } from "./licences.js";

const COMMON = {
  bundle: true,
  minify: true,
  metafile: true,
  target: "es2022",
  outdir: "dist",
  // A file's name changes with its content, so that browsers can't mix the assets of two releases.
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
};

function workerNames(metafile) {
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  return Object.fromEntries(names.map((name) => [name.split(".worker")[0], name]));
}

/** esbuild writes a stylesheet per lazy chunk as well, which nothing loads: the main one holds all styles. */
async function removeOrphans(metafile) {
  const orphans = Object.keys(metafile.outputs).filter((path) => /(?<!\/main-\w+)\.css$/.test(path));
  await Promise.all(orphans.map((path) => rm(path)));
}

await rm("dist", { recursive: true, force: true });
const workers = await build({
  ...COMMON,
  format: "iife",
  entryPoints: [
    "monaco-editor/esm/vs/editor/editor.worker.js",
    "monaco-editor/esm/vs/language/json/json.worker.js",
    "monaco-graphql/esm/graphql.worker.js",
  ].map((path) => ({ in: path, out: basename(path, ".js") })),
});
const main = await build({
  ...COMMON,
  format: "esm",
  splitting: true,
  keepNames: true, // GraphiQL makes the titles of its icons from the names of their functions
  entryPoints: ["src/main.jsx"],
  jsx: "automatic",
  loader: { ".ttf": "file" },
  define: { ...COMMON.define, WORKERS: JSON.stringify(workerNames(workers.metafile)) },
});
await removeOrphans(main.metafile);
await writeFile("dist/LICENSES.txt", await licences([workers.metafile, main.metafile]));
