/**
 * What routes answer, as schemas: the OpenAPI documents describe answers by them, and tests hold
 * every answer to them. Clients are to ignore members they do not know.
 */
import { z } from 'zod';

/** The answer of a route when all is well; errors follow from the route's declaration. */
export interface ResponseSpec {
  readonly status: 200 | 201 | 202 | 204;
  readonly description: string;
  readonly contentType: string;
  /** The whole body; absent for text, certificates and streams. */
  readonly body?: z.ZodType;
}

const JSON_TYPE = 'application/json';
const noMeta = z.strictObject({});

const pagination = z
  .strictObject({
    limit: z.int().min(0),
    offset: z.int().min(0),
    totalCount: z.int().min(0),
  })
  .meta({ id: 'Pagination' });

const listMeta = z
  .strictObject({ filterableFields: z.array(z.string()), pagination })
  .meta({ id: 'ListMeta' });

const link = z.strictObject({ href: z.string() }).meta({ id: 'Link' });

/** `_links` of an entity. */
export const linksSchema = z.record(z.string(), link).meta({ id: 'Links' });

/** What `reference()` makes. */
export const referenceSchema = z
  .strictObject({ id: z.string(), name: z.string(), entity: z.string(), _links: linksSchema })
  .meta({ id: 'EntityReference' });

/** A moment, RFC 3339. */
export const timeSchema = z.iso.datetime({ offset: true });

/** Flat maps: tags and application data. */
export const tagsSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .meta({ id: 'Tags' });

/** `{data, meta}` around one thing. */
export function detailOf(data: z.ZodType, status: ResponseSpec['status'] = 200): ResponseSpec {
  const body = z.strictObject({ data, meta: noMeta });
  return { status, description: 'The entity', contentType: JSON_TYPE, body };
}

/** `{data: […], meta}` with filterable fields and pagination. */
export function listOf(item: z.ZodType): ResponseSpec {
  const body = z.strictObject({ data: z.array(item), meta: listMeta });
  return { status: 200, description: 'One page of a list', contentType: JSON_TYPE, body };
}

const createdBody = z
  .strictObject({
    data: z.strictObject({ id: z.string(), _links: linksSchema }),
    meta: noMeta,
  })
  .meta({ id: 'Created' });

/** What `created()` answers. */
export const createdResponse: ResponseSpec = {
  status: 201,
  description: 'Created',
  contentType: JSON_TYPE,
  body: createdBody,
};

const doneBody = z.strictObject({ data: z.strictObject({}), meta: noMeta }).meta({ id: 'Done' });

/** What `done()` answers: updates, deletes, actions. */
export const doneResponse: ResponseSpec = {
  status: 200,
  description: 'Done',
  contentType: JSON_TYPE,
  body: doneBody,
};

/** Anything that is not JSON in the envelope; `body` for JSON of another shape. */
export function contentOf(
  contentType: string,
  description: string,
  body?: z.ZodType,
): ResponseSpec {
  return { status: 200, description, contentType, ...(body && { body }) };
}

/** Every error of the Edge APIs. */
export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      requestId: z.uuid(),
      cause: z
        .union([
          z.strictObject({ field: z.string(), reason: z.string(), value: z.unknown() }),
          z.looseObject({ code: z.string(), message: z.string() }),
        ])
        .optional(),
    }),
    meta: z.strictObject({ apiVersion: z.string(), apiEnrollmentVersion: z.string() }),
  })
  .meta({ id: 'ApiError' });
