/** Members that several entities' bodies share. */
import { z } from 'zod';

export const name = z.string().min(1, 'must not be empty').max(256);
export const id = z.string().min(1).max(64);
/** A flat map: tags, and the application data of identities and routers. */
export const tags = z
  .record(z.string().max(256), z.union([z.string().max(4096), z.number(), z.boolean(), z.null()]))
  .default({});
export const semantic = z.enum(['AllOf', 'AnyOf']);
export const cost = z.int().min(0).max(65535);
export const precedence = z.enum(['default', 'required', 'failed']);
/** Kept sorted and without repetitions. */
export const roleAttributes = z
  .array(
    z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^#@]/, 'role attributes may not begin with # or @'),
  )
  .max(1000)
  .default([])
  .transform((values) => [...new Set(values)].sort());

/** `#attribute`, `@id`, or `#all` alone. */
export const roles = z
  .array(z.string().min(2).max(256).regex(/^[#@]/, 'roles begin with # or @'))
  .max(1000)
  .refine((values) => !values.includes('#all') || values.length === 1, '#all must stand alone')
  .default([])
  .transform((values) => [...new Set(values)].sort());
