/** Holds answers to an OpenAPI document, by its JSON Schemas alone. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Answer, OpenApi } from './edge-controller.ts';
import type { Target } from './request-generator.ts';

type Json = Record<string, unknown>;

export class AnswerJudge {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #documents: ReadonlyMap<string, OpenApi>;

  constructor(documents: ReadonlyMap<string, OpenApi>) {
    this.#documents = documents;
    for (const [base, document] of documents) this.#ajv.addSchema({ ...document, $id: idOf(base) });
  }

  /** What is wrong with an answer; undefined when it is as documented. */
  problem({ base, method, path, operation }: Target, answer: Answer): string | undefined {
    const declared = operation.responses[String(answer.status)];
    // What every path may say, whatever the operation: no route for the URL as sent.
    if (!declared && answer.status !== 404)
      return `answered ${answer.status}, which is not documented`;
    const response = declared ? this.#resolved(base, declared) : undefined;
    const content = response?.['content'] as Json | undefined;
    if (!content) return undefined;
    const [[type, { schema }] = ['', { schema: undefined }]] = Object.entries(content) as [
      string,
      { schema?: Json },
    ][];
    const sent = String(answer.headers['content-type'] ?? '');
    if (!sent.startsWith(type)) return `answered ${sent}, documented is ${type}`;
    if (!schema || type !== 'application/json') return undefined;
    const key = `${base} ${method} ${path} ${answer.status}`;
    const validate = this.#validator(base, key, schema);
    if (validate(answer.body)) return undefined;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath ?? ''} ${error?.message ?? ''}`;
  }

  #resolved(base: string, response: Json): Json {
    const reference = response['$ref'];
    if (typeof reference !== 'string') return response;
    let found: unknown = this.#documents.get(base);
    for (const part of reference.split('/').slice(1)) found = (found as Json)[part];
    return found as Json;
  }

  #validator(base: string, key: string, schema: Json): ValidateFunction {
    let validate = this.#validators.get(key);
    if (!validate) {
      const located = JSON.parse(
        JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${idOf(base)}#/`),
      ) as Json;
      validate = this.#ajv.compile(located);
      this.#validators.set(key, validate);
    }
    return validate;
  }
}

const idOf = (base: string): string => `urn:openapi:${base.replaceAll('/', ':')}`;
