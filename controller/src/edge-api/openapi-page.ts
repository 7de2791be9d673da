/** An OpenAPI document as one HTML page: no script, nothing loaded from anywhere. */
import { createHash } from 'node:crypto';
import type { OpenApiDocument } from './openapi.ts';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
details { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .3rem; margin: .3rem 0; }
summary { cursor: pointer; padding: .4rem .7rem; }
details > div { padding: 0 .7rem .7rem; overflow-x: auto; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
b { display: inline-block; min-width: 4.2rem; font-size: .8rem; }
i { font-style: normal; opacity: .75; margin-left: .6rem; }
td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; }
`;

/** What the page may do: show its own style. Goes with every answer that holds a page. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  'x-access': string;
  parameters?: { name: string; in: string; description?: string }[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
}

export function renderOpenApiPage({ info, servers, paths, components }: OpenApiDocument): string {
  const byTag = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [tag = ''] = (operation as Operation).tags;
      const rendered = renderOperation(method, path, operation as Operation);
      byTag.set(tag, [...(byTag.get(tag) ?? []), rendered]);
    }
  }
  const sections = [...byTag].map(
    ([tag, items]) => `<h2>${escape(tag || '/')}</h2>${items.join('')}`,
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="${escape(name)}"><summary><code>${escape(name)}</code></summary><div>${json(schema)}</div></details>`,
  );
  const title = escape(info.title);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body><h1>${title}</h1><p>Base: <code>${escape(servers[0]?.url ?? '')}</code>. Machine-readable: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>${sections.join('')}<h2>Schemas</h2>${schemas.join('')}</body></html>`;
}

function renderOperation(method: string, path: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(
    (parameter) =>
      `<tr><td><code>${escape(parameter.name)}</code></td><td>${escape(parameter.in)}</td><td>${escape(parameter.description ?? '')}</td></tr>`,
  );
  return [
    `<details id="${escape(operation.operationId)}"><summary><b>${escape(method.toUpperCase())}</b> <code>${escape(path)}</code><i>${escape(summary)}</i></summary><div>`,
    `<p>Access: <code>${escape(operation['x-access'])}</code></p>`,
    description === undefined ? '' : `<p>${escape(description)}</p>`,
    rows.length === 0
      ? ''
      : `<table><tr><th>Parameter</th><th>In</th><th></th></tr>${rows.join('')}</table>`,
    requestBody === undefined ? '' : `<p>Body</p>${json(requestBody)}`,
    `<p>Answers</p>${json(responses)}</div></details>`,
  ].join('');
}

/** JSON with its references as links into the page. */
function json(value: unknown): string {
  const text = escape(JSON.stringify(value, undefined, 2));
  const linked = text.replaceAll(
    /&quot;#\/components\/schemas\/(\w+)&quot;/g,
    '&quot;<a href="#$1">$1</a>&quot;',
  );
  return `<pre>${linked}</pre>`;
}

function escape(text: string): string {
  const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return text.replaceAll(/[&<>"]/g, (character) => `&${entities[character] ?? ''};`);
}
