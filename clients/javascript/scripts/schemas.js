/**
 * Writes `src/api/schemas.js`, the types of the HTTP API, from `docs/openapi.json`. `--check` writes nothing, and fails if the
 * file is out of date.
 */

import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/**
 * A part of the document, as far as this script looks into it.
 * @typedef {Record<string, any>} Json
 */

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const TYPES = new URL("../src/api/schemas.js", import.meta.url);
const METHODS = new Set(["get", "post", "put", "delete"]);
const WIDTH = 125;

const HEADER = `/*
 * What the HTTP API takes and answers. \`npm run schemas\` writes this file from the API's reference, docs/openapi.json.
 */
`;

/**
 * The types of all routes that players and visitors use.
 * @param {Json} document
 * @returns {string} a module
 */
export function written(document) {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method, operation]) => METHODS.has(method) && isForPlayers(operation) && path !== "/openapi.json")
      .map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  );
  /** @type {Set<string>} */
  const used = new Set();
  // `readonly`, since the compiler writes a wrong declaration if a line of a comment begins with a quoted name.
  const described = routes.map(({ route, operation }) => ` *   readonly ${JSON.stringify(route)}: ${routeType(operation, used)},`);
  const schemas = document.components.schemas;
  // A schema that is written may use others, which join the set meanwhile.
  const types = new Map([...used, "Problem"].map((name) => [name, schemaType(name, schemas[name], used)]));
  for (const name of used) if (!types.has(name)) types.set(name, schemaType(name, schemas[name], used));
  const codes = [...new Set(routes.flatMap(({ operation }) => codesOf(operation)))].sort();
  return [
    HEADER,
    ...[...types].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, type]) => type),
    comment(["What the service refuses with.", `@typedef {${codes.map((code) => JSON.stringify(code)).join(" | ")}} ServiceCode`]),
    ["/**", " * Every route with what it takes and answers.", " * @typedef {{", ...described, " * }} Routes", " */\n"].join("\n"),
    "export {};\n",
  ].join("\n");
}

/** @param {Json} operation */
function isForPlayers({ security }) {
  return security === undefined || security.some((/** @type {Json} */ scheme) => "player" in scheme);
}

/**
 * @param {Json} operation
 * @param {Set<string>} used takes the names of the schemas
 */
function routeType(operation, used) {
  const { parameters = [], requestBody, responses } = operation;
  const inside = (/** @type {string} */ place) =>
    objectType(
      parameters.filter((/** @type {Json} */ parameter) => parameter.in === place),
      (/** @type {Json} */ { name, required, schema }) => [name, required, schema],
      used,
    );
  const answer = responses["200"] ?? responses["201"] ?? responses["204"];
  const body = (/** @type {Json | undefined} */ part) => (part?.content ? typeOf(part.content["application/json"].schema, used) : "undefined");
  return `{path: ${inside("path")}, query: ${inside("query")}, body: ${body(requestBody)}, answer: ${body(answer)}}`;
}

/** @param {Json} operation */
function codesOf({ responses }) {
  return Object.values(responses).flatMap(({ content }) => {
    const schema = content?.["application/problem+json"]?.schema;
    return (schema?.allOf ?? []).flatMap((/** @type {Json} */ part) => part.properties?.code?.enum ?? []);
  });
}

/**
 * @param {string} name
 * @param {Json} schema
 * @param {Set<string>} used
 */
function schemaType(name, schema, used) {
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties).map(([member, type]) => {
    const written = required.has(member) ? member : `[${member}]`;
    const description = [type, ...(type.anyOf ?? [])].find((each) => each.description)?.description ?? "";
    return `@property {${typeOf(type, used)}} ${written} ${description}`.trimEnd();
  });
  return comment([...(schema.description ? [schema.description] : []), `@typedef {object} ${name}`, ...members]);
}

/**
 * @param {Json} schema
 * @param {Set<string>} used
 * @returns {string}
 */
function typeOf(schema, used) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1);
    used.add(name);
    return name;
  }
  if (schema.anyOf) return [...new Set(schema.anyOf.map((/** @type {Json} */ each) => typeOf(each, used)))].join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ each) => JSON.stringify(each)).join(" | ");
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "array":
      return `${parenthesized(typeOf(schema.items, used))}[]`;
    case "object":
      if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties, used)}>`;
      return objectType(
        Object.entries(schema.properties ?? {}),
        ([name, type]) => [name, new Set(schema.required).has(name), type],
        used,
      );
    case undefined:
      return "unknown";
    default:
      return schema.type;
  }
}

/**
 * A type that `[]` may follow.
 * @param {string} type
 */
const parenthesized = (type) => (/[|{]/.test(type) ? `(${type})` : type);

/**
 * @template T
 * @param {T[]} members
 * @param {(member: T) => [name: string, required: boolean, schema: Json]} look
 * @param {Set<string>} used
 */
function objectType(members, look, used) {
  const described = members.map((member) => {
    const [name, required, schema] = look(member);
    return `${name}${required ? "" : "?"}: ${typeOf(schema, used)}`;
  });
  return `{${described.join(", ")}}`;
}

/**
 * A comment whose long lines are broken.
 * @param {string[]} lines
 */
function comment(lines) {
  const broken = lines.flatMap((line) => {
    // An alternative stays with its bar, see above.
    const words = line.replaceAll("*/", "* /").split(/(?<!\|)\s+/);
    const rows = [""];
    for (const word of words) {
      const row = rows.at(-1) ?? "";
      if (row && row.length + word.length >= WIDTH) rows.push(`  ${word}`);
      else rows[rows.length - 1] = row ? `${row} ${word}` : word;
    }
    return rows;
  });
  return ["/**", ...broken.map((row) => ` * ${row}`), " */\n"].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const text = written(JSON.parse(await readFile(DOCUMENT, "utf8")));
  if (!process.argv.includes("--check")) await writeFile(TYPES, text);
  else if ((await readFile(TYPES, "utf8").catch(() => "")) !== text) {
    console.error("src/api/schemas.js is not what docs/openapi.json says: run `npm run schemas`.");
    process.exitCode = 1;
  }
}
