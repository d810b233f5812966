import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENCE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;
// Packages published without their licence's text, and where the same text, by the same authors, is.
const SAME_LICENCE = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
};
const RULE = "=".repeat(80);

function packageFolders(metafiles) {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => PACKAGE.exec(path)?.[1]);
  return [...new Set(inputs.filter(Boolean))];
}

async function texts(folder) {
  const files = (await readdir(folder)).filter((file) => LICENCE.test(file)).sort();
  return Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
}

async function licence(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const found = await texts(SAME_LICENCE[name] ? join("node_modules", SAME_LICENCE[name]) : folder);
  if (!found.length) throw new Error(`${name} carries no licence text: name its source in SAME_LICENCE`);
  return [RULE, `${name} ${version} (${license})`, RULE, "", ...found.map((text) => text.trim() + "\n")].join("\n");
}

/** The licence texts of every npm package that left bytes in a bundle. */
export async function licences(metafiles) {
  const all = await Promise.all(packageFolders(metafiles).map(licence));
  return [...new Set(all)].sort().join("\n").replaceAll("\r\n", "\n");
}
