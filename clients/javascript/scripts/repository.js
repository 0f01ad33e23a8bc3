/**
 * Writes the repository's address into package.json before it is published: `GITHUB_SERVER_URL` and `GITHUB_REPOSITORY`, as
 * a workflow has them. Refuses without them, since a copy of this repository is published from an address of its own.
 */

import { readFile, writeFile } from "node:fs/promises";

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;

if (!URL.canParse(server ?? "") || !/^[\w.-]+\/[\w.-]+$/.test(repository ?? "")) {
  console.error("The repository's address is not known. Publish by the workflow publish-client, or set GITHUB_SERVER_URL and GITHUB_REPOSITORY.");
  process.exit(1);
}

const path = process.argv[2] ?? new URL("../package.json", import.meta.url);
const manifest = JSON.parse(await readFile(path, "utf8"));
manifest.repository = { type: "git", url: `git+${server}/${repository}.git`, directory: "clients/javascript" };
await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`);
