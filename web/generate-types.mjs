/**
 * Writes what the console knows of the Management API, from `docs/openapi/management.json`:
 *
 *   src/api/management.gen.ts   types of the bodies the API takes and answers
 *   src/api/operations.gen.json who may call which operation, and the schemas of bodies, which forms are made of
 *
 * `node generate-types.mjs`; a test compares (src/api/generated.test.ts).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTypescript, { astToString } from 'openapi-typescript';

const document = new URL('../docs/openapi/management.json', import.meta.url);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** @returns path of the file → its content */
export async function generate() {
  const api = JSON.parse(await readFile(document, 'utf8'));
  return {
    'src/api/management.gen.ts': `// Made by generate-types.mjs.\n${astToString(await openapiTypescript({ ...api, paths: {} }))}`,
    'src/api/operations.gen.json': `${JSON.stringify(operationsOf(api))}\n`,
  };
}

function operationsOf({ paths, components }) {
  const access = {};
  const bodies = {};
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of METHODS.filter((name) => name in operations)) {
      const { 'x-access': asked, requestBody } = operations[method];
      access[`${method} ${path}`] = asked;
      const schema = requestBody?.content['application/json']?.schema;
      if (['post', 'patch'].includes(method) && schema?.$ref)
        bodies[`${method} ${path}`] = resolve(schema, components.schemas);
    }
  }
  return { access, bodies };
}

/** The schema with its references written out, without patterns: what they ask is judged by the API. */
function resolve(schema, schemas) {
  if (Array.isArray(schema)) return schema.map((item) => resolve(item, schemas));
  if (typeof schema !== 'object' || schema === null) return schema;
  if (typeof schema.$ref === 'string')
    return resolve(schemas[schema.$ref.slice('#/components/schemas/'.length)], schemas);
  return Object.fromEntries(
    Object.entries(schema)
      .filter(
        ([key, value]) =>
          key !== 'propertyNames' && !(key === 'pattern' && typeof value === 'string'),
      )
      .map(([key, value]) => [key, resolve(value, schemas)]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, content] of Object.entries(await generate()))
    await writeFile(new URL(file, import.meta.url), content);
}
