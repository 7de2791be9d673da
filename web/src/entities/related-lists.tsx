import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { messageOf } from '../api/api-error.ts';
import type { Operation } from '../api/operations.ts';
import { useClient, useMay } from '../session/use-session.ts';
import { Notice } from '../ui/notice.tsx';
import { fill, kindWords, words } from '../words/index.ts';
import { nameOf, type Row } from './cell.tsx';
import { kindOf, type Kind } from './kinds.ts';

const SHOWN = 50;

/** What belongs to an entity: the lists below it. */
export function RelatedLists({ kind, id }: { kind: Kind; id: string }) {
  const may = useMay();
  const lists = (kind.related ?? []).filter((name) =>
    may(`get /${kind.path}/{id}/${name}` as Operation),
  );
  return (
    <div className="related">
      {lists.map((name) => (
        <RelatedList key={name} path={`/${kind.path}/${id}/${name}`} name={name} />
      ))}
    </div>
  );
}

function RelatedList({ path, name }: { path: string; name: string }) {
  const client = useClient();
  const { data, error } = useQuery({
    queryKey: ['list', path],
    queryFn: ({ signal }) => client.call<Row[]>('GET', path, { query: { limit: SHOWN }, signal }),
  });
  return (
    <section aria-label={kindWords(name).many}>
      <h2>{kindWords(name).many}</h2>
      {error && <Notice tone="bad">{messageOf(error)}</Notice>}
      {data && (
        <>
          <ul>
            {data.data.map((row) => (
              <li key={row.id}>
                {kindOf(name) ? (
                  <Link to="/$kind/$id" params={{ kind: name, id: row.id }}>
                    {nameOf(row)}
                  </Link>
                ) : (
                  nameOf(row)
                )}
              </li>
            ))}
          </ul>
          <p>
            {data.total === 0 ? words.list.none : fill(words.list.count, { total: data.total })}
          </p>
        </>
      )}
    </section>
  );
}
