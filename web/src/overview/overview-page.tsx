import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import { messageOf } from '../api/api-error.ts';
import type { Operation } from '../api/operations.ts';
import { groups, type KindName } from '../entities/kinds.ts';
import { useMay } from '../session/use-session.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { PROTECTING } from '../wizard/plan.ts';
import { fill, kindWords, words } from '../words/index.ts';
import { FirstSteps } from './first-steps.tsx';
import { isBeginning } from './next-step.ts';
import { useBeginning } from './use-beginning.ts';
import { useCount } from './use-count.ts';

export function OverviewPage(): ReactNode {
  const may = useMay();
  const found = useBeginning();
  const isEmpty = found !== undefined && isBeginning(found);
  return (
    <Page
      title={words.pages.overview}
      text={words.overview.text}
      actions={
        !isEmpty &&
        PROTECTING.every(may) && (
          <Link className="button" to="/protect">
            {words.overview.protect}
          </Link>
        )
      }
    >
      {may('get /access-requests') && <Waiting />}
      {isEmpty ? <FirstSteps found={found} /> : may('get /edge-routers') && <Attention />}
      {groups.map(({ word, kinds }) => {
        const shown = kinds.filter((kind) => may(`get /${kind}` as Operation));
        return (
          shown.length > 0 && (
            <section key={word}>
              <h2>{words.groups[word]}</h2>
              <ul className="tiles">
                {shown.map((kind) => (
                  <Tile key={kind} kind={kind} />
                ))}
              </ul>
            </section>
          )
        );
      })}
    </Page>
  );
}

function Tile({ kind }: { kind: KindName }) {
  const { data } = useCount(`/${kind}`);
  return (
    <li>
      <Link to="/$kind" params={{ kind }} className="tile">
        <strong>{data ?? '…'}</strong> {kindWords(kind).many}
      </Link>
    </li>
  );
}

/** People who wait for an answer. */
function Waiting() {
  const { data: count = 0 } = useCount('/access-requests', 'state = "open"');
  return (
    count > 0 && (
      <Notice tone="plain">
        <Link to="/requests">{fill(words.overview.requests, { count })}</Link>
      </Notice>
    )
  );
}

/** What keeps people from their applications. */
function Attention() {
  const routers = useCount('/edge-routers');
  const offline = useCount('/edge-routers', 'isOnline = false');
  const error = routers.error ?? offline.error;
  if (error) return <Notice tone="bad">{messageOf(error)}</Notice>;
  if (routers.data === undefined || offline.data === undefined) return null;
  if (routers.data === 0) return <Notice tone="bad">{words.overview.noRouters}</Notice>;
  if (offline.data > 0)
    return (
      <Notice tone="bad">
        {fill(words.overview.routersOffline, { count: offline.data, total: routers.data })}
      </Notice>
    );
  return <Notice tone="good">{words.overview.allWell}</Notice>;
}
