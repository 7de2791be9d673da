/** `postern fabric circuits`: what is connected now, with age and bytes, as the first routers say. */
import type { InspectionOf } from '@postern/shared/schemas';
import type { Column } from '../entities/index.ts';
import { age, size } from './units.ts';

type Circuits = InspectionOf<'circuits'>;
type Circuit = Circuits['circuits'][number];

const of = (value: (circuit: Circuit) => unknown): Column['value'] => {
  return (row) => value(row as unknown as Circuit);
};

export const circuitColumns: readonly Column[] = [
  { title: 'id', value: 'id' },
  { title: 'service', value: 'service.name' },
  { title: 'identity', value: 'identity.name' },
  { title: 'path', value: of(({ path }) => path.map(({ name }) => name).join(' → ')) },
  { title: 'age', value: of(({ ageMs }) => age(ageMs)) },
  { title: 'to host', value: of(({ bytesToHost }) => size(bytesToHost)) },
  { title: 'to client', value: of(({ bytesToClient }) => size(bytesToClient)) },
];

/** The circuits of all routers, the youngest first; of one service, by id or name, if asked for. */
export function circuitRows(
  answers: readonly { value: Circuits }[],
  service: string | undefined,
): { rows: Circuit[]; total: number } {
  const all = answers.flatMap(({ value }) => value.circuits);
  const rows = all
    .filter((row) => service === undefined || Object.values(row.service).includes(service))
    .sort((a, b) => a.ageMs - b.ageMs);
  const notTold = answers.reduce((sum, { value }) => sum + value.total, 0) - all.length;
  return { rows, total: rows.length + notTold };
}
