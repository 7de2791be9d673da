import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { bodyOf, type Operation } from '../api/operations.ts';
import { filledMembers, initialBody } from '../forms/body.ts';
import { BodyForm } from '../forms/body-form.tsx';
import { useClient, useMay } from '../session/use-session.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { fill, kindWords, words } from '../words/index.ts';

export function NewPage(): ReactNode {
  const { kind }: { kind: string } = useParams({ from: '/$kind/new' });
  const client = useClient();
  const may = useMay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const operation = `post /${kind}` as Operation;
  const schema = bodyOf(operation);
  const [openedAtMs] = useState(Date.now);
  const initial = useMemo(() => schema && initialBody(schema, openedAtMs), [schema, openedAtMs]);
  if (!schema || !initial || !may(operation))
    return <Notice tone="bad">{words.shell.notFound}</Notice>;
  return (
    <Page title={fill(words.list.create, { one: kindWords(kind).one })}>
      <BodyForm
        key={kind}
        schema={schema}
        entity={`/${kind}`}
        initial={initial}
        submitLabel={words.form.create}
        onSubmit={async (body) => {
          const { data } = await client.call<{ id: string }>('POST', `/${kind}`, {
            body: filledMembers(body),
          });
          await queries.invalidateQueries({ queryKey: ['list', `/${kind}`] });
          await navigate({ to: '/$kind/$id', params: { kind, id: data.id } });
        }}
      />
    </Page>
  );
}
