/** Asks routers about themselves through the controller, and reads the answers. */
import { AppError } from '@postern/shared/errors';
import { inspectedSchema, type Inspection, type InspectionOf } from '@postern/shared/schemas';
import { z } from 'zod';
import type { EdgeClient } from '../client/edge-client.ts';

type Value = Exclude<Inspection['value'], 'failed'>;

const answerSchema = z.object({
  errors: z.array(z.string()),
  values: z.array(z.object({ appId: z.string(), name: z.string(), value: z.unknown() })),
});

export interface Inspected<V extends Value> {
  /** The controller's answer, unchanged. */
  readonly text: string;
  readonly rows: readonly { routerId: string; value: InspectionOf<V> }[];
  /** Who gave no answer, and why. */
  readonly errors: readonly string[];
}

/**
 * @param appRegex ids or names of those asked, as the API takes it
 * @param name of the value, such as `live-links`
 * @throws AppError `ERR_CLI_API` when the answer is no answer to this
 */
export async function inspect<V extends Value>(
  client: Pick<EdgeClient, 'call'>,
  appRegex: string,
  name: string,
  value: V,
): Promise<Inspected<V>> {
  const body = { appRegex, requestedValues: [name] };
  const { text, data } = await client.call('POST', 'inspections', { body });
  const { errors, values } = answerSchema.parse(data);
  const rows = values.map(({ appId, value: answer }) => {
    const read = inspectedSchema.shape.answer.safeParse(answer);
    if (!read.success || read.data.value !== value)
      throw new AppError('ERR_CLI_API', `${appId} answered ${name} in a form unknown here`);
    return { routerId: appId, value: read.data as InspectionOf<V> };
  });
  return { text, rows, errors };
}
