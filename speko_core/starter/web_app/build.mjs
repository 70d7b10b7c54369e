// Copies src/ to dist/, with a version in the addresses so that browsers never mix two builds.
import { createHash } from "node:crypto";
import { cp, readFile, rm, writeFile } from "node:fs/promises";

const files = ["app.js", "style.css"];
const hash = createHash("sha256");
for (const name of files) hash.update(await readFile(`src/${name}`));
const version = hash.digest("hex").slice(0, 8);

await rm("dist", { recursive: true, force: true });
await cp("src", "dist", { recursive: true });
const page = await readFile("dist/index.html", "utf8");
await writeFile("dist/index.html", page.replaceAll("VERSION", version));
console.log(`built dist/, version ${version}`);
