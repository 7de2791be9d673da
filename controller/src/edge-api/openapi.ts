import { z } from 'zod';
import type { RouteSpec } from './routes.ts';

/** OpenAPI 3.1 description of the declared routes; bodies come from the schemas that check them. */
export function buildOpenApi(title: string, base: string, specs: readonly RouteSpec[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, access, summary, body } of specs) {
    const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const operations = (paths[path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    operations[method] = {
      summary,
      'x-access': access,
      ...(parameters.length > 0 && { parameters }),
      ...(body && {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: jsonSchema(body) } },
        },
      }),
      ...(access !== 'anyone' && { security: [{ ztSession: [] }] }),
      responses: { default: { description: 'Envelope with `data` and `meta`, or with `error`' } },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1' },
    servers: [{ url: base }],
    components: {
      securitySchemes: { ztSession: { type: 'apiKey', in: 'header', name: 'zt-session' } },
    },
    paths,
  };
}

function jsonSchema(schema: z.ZodType): unknown {
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  });
  return described;
}
