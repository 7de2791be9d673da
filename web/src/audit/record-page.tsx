import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { messageOf } from '../api/api-error.ts';
import { useClient } from '../session/use-session.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { fill, words } from '../words/index.ts';
import type { AuditRecord } from './chain.ts';

/** One record with all its members. */
export function RecordPage(): ReactNode {
  const { id }: { id: string } = useParams({ from: '/audit/$id' });
  const client = useClient();
  const { data, error } = useQuery({
    queryKey: ['detail', '/audit', id],
    queryFn: ({ signal }) =>
      client.call<AuditRecord>('GET', `/audit/${encodeURIComponent(id)}`, { signal }),
  });
  return (
    <Page title={fill(words.audit.record, { id })}>
      <p>
        <Link to="/audit">{fill(words.form.back, { many: words.pages.audit })}</Link>
      </p>
      {error && <Notice tone="bad">{messageOf(error)}</Notice>}
      {data && (
        <pre className="all-members" tabIndex={0} aria-label={words.form.detail}>
          {JSON.stringify(data.data, undefined, 2)}
        </pre>
      )}
    </Page>
  );
}
