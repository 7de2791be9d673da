import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { messageOf } from '../api/api-error.ts';
import { bodyOf, type Operation } from '../api/operations.ts';
import { changedMembers, editableBody, type Body } from '../forms/body.ts';
import { BodyForm } from '../forms/body-form.tsx';
import { useClient, useMay } from '../session/use-session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Copyable } from '../ui/copyable.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { RunRouter } from '../wizard/run-router.tsx';
import { fill, kindWords, words } from '../words/index.ts';
import { nameOf, valueAt, type Row } from './cell.tsx';
import { kindOf, type EntityAction, type Kind } from './kinds.ts';
import { RelatedLists } from './related-lists.tsx';
import { ROUTER_METHOD, tokensOf } from './tokens.ts';

export function EntityPage(): ReactNode {
  const { kind: path, id }: { kind: string; id: string } = useParams({ from: '/$kind/$id' });
  const client = useClient();
  const kind = kindOf(path);
  const [savedId, setSavedId] = useState<string>();
  const { data, error, dataUpdatedAt, refetch } = useQuery({
    queryKey: ['detail', `/${path}`, id],
    enabled: kind !== undefined,
    // A form is open on it: what changes elsewhere must not replace what is typed.
    staleTime: Infinity,
    // Opened again, it is shown as it is then.
    gcTime: 0,
    queryFn: ({ signal }) =>
      client.call<Row>('GET', `/${path}/${encodeURIComponent(id)}`, { signal }),
  });
  if (!kind) return <Notice tone="bad">{words.shell.notFound}</Notice>;
  if (error) return <Notice tone="bad">{messageOf(error)}</Notice>;
  if (!data) return <p role="status">{words.list.loading}</p>;
  return (
    <Entity
      key={dataUpdatedAt}
      kind={kind}
      row={data.data}
      etag={data.etag}
      reload={() => void refetch()}
      isSaved={savedId === id}
      onSaved={(isSaved) => setSavedId(isSaved ? id : undefined)}
    />
  );
}

interface EntityProps {
  kind: Kind;
  row: Row;
  etag: string | undefined;
  reload: () => void;
  /** The form begins anew with what was saved. */
  isSaved: boolean;
  onSaved: (isSaved: boolean) => void;
}

function Entity({ kind, row, etag, reload, isSaved, onSaved }: EntityProps) {
  const client = useClient();
  const queries = useQueryClient();
  const may = useMay();
  const patch = `patch /${kind.path}/{id}` as Operation;
  const schema = bodyOf(patch);
  const { many } = kindWords(kind.path);
  const save = async (before: Body, after: Body) => {
    onSaved(false);
    const changes = changedMembers(before, after);
    if (Object.keys(changes).length > 0) {
      // Checks of several kinds share a path: the kind says how the rest is judged.
      const body = kind.path === 'posture-checks' ? { typeId: row['typeId'], ...changes } : changes;
      await client.call('PATCH', `/${kind.path}/${row.id}`, { body, ifMatch: etag });
    }
    onSaved(true);
    await queries.invalidateQueries({ queryKey: ['list', `/${kind.path}`] });
    reload();
  };
  const all = (
    <pre className="all-members" tabIndex={0} aria-label={words.form.detail}>
      {JSON.stringify(row, undefined, 2)}
    </pre>
  );
  const tabs = [
    { id: 'detail', label: words.form.detail, content: all },
    ...(kind.related
      ? [
          {
            id: 'related',
            label: words.form.related,
            content: <RelatedLists kind={kind} id={row.id} />,
          },
        ]
      : []),
  ];
  const initial = schema && editableBody(schema, withTypeName(row));
  return (
    <Page title={nameOf(row)} actions={<Actions kind={kind} row={row} reload={reload} />}>
      <p>
        <Link to="/$kind" params={{ kind: kind.path }}>
          {fill(words.form.back, { many })}
        </Link>
      </p>
      {isSaved && <Notice tone="good">{words.form.saved}</Notice>}
      {tokensOf(row).map(({ method, jwt }) => (
        <div key={method}>
          <Copyable label={`${words.form.token} (${method})`} text={jwt} />
          <p>{words.form.tokenHint}</p>
          {method === ROUTER_METHOD && <RunRouter id={row.id} name={nameOf(row)} jwt={jwt} />}
        </div>
      ))}
      {schema && initial ? (
        <BodyForm
          schema={schema}
          entity={`/${kind.path}`}
          initial={initial}
          submitLabel={words.form.save}
          isReadOnly={!may(patch)}
          onSubmit={(body) => save(initial, body)}
          tabs={tabs}
        />
      ) : (
        <>
          {all}
          {kind.related && <RelatedLists kind={kind} id={row.id} />}
        </>
      )}
    </Page>
  );
}

/** An identity shows its type as a reference, whose id a body names. */
function withTypeName(row: Row): Row {
  const id = valueAt(row, 'type.id');
  return typeof id === 'string' ? { ...row, type: id } : row;
}

function Actions({ kind, row, reload }: Pick<EntityProps, 'kind' | 'row' | 'reload'>) {
  const client = useClient();
  const may = useMay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: ({ operation, body }: EntityAction) =>
      client.call('POST', operation.slice('post '.length).replace('{id}', row.id), {
        ...(body && { body }),
      }),
    onSuccess: reload,
  });
  const remove = useMutation({
    mutationFn: () => client.call('DELETE', `/${kind.path}/${row.id}`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['list', `/${kind.path}`] });
      await navigate({ to: '/$kind', params: { kind: kind.path } });
    },
  });
  const error = act.error ?? remove.error;
  const offered = (kind.actions ?? []).filter(
    ({ operation, when }) =>
      may(operation) && (!when || Boolean(valueAt(row, when[0])) === when[1]),
  );
  const deletion = `delete /${kind.path}/{id}` as Operation;
  return (
    <>
      {error && <Notice tone="bad">{messageOf(error)}</Notice>}
      {offered.map((action) => (
        <Button
          key={action.word}
          className="plain"
          isPending={act.isPending}
          onPress={() => act.mutate(action)}
        >
          {words.form[action.word]}
        </Button>
      ))}
      {may(deletion) && (
        <Confirm
          label={kind.path.endsWith('sessions') ? words.list.end : words.form.delete}
          heading={fill(words.form.deleteHeading, {
            one: kindWords(kind.path).one,
            name: nameOf(row),
          })}
          text={words.form.deleteText}
          onConfirm={() => remove.mutate()}
        />
      )}
    </>
  );
}
