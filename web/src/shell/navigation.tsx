import { Link } from '@tanstack/react-router';
import type { Operation } from '../api/operations.ts';
import { groups } from '../entities/kinds.ts';
import { useMay } from '../session/use-session.ts';
import { PROTECTING } from '../wizard/plan.ts';
import { kindWords, words } from '../words/index.ts';

const INSIGHT = [
  { to: '/requests', word: 'requests', operation: 'get /access-requests' },
  { to: '/advisor', word: 'advisor', operation: 'get /identities/{id}/access-advice/{serviceId}' },
  { to: '/simulation', word: 'simulation', operation: 'post /policy-simulations' },
  { to: '/map', word: 'map', operation: 'get /sessions' },
  { to: '/audit', word: 'audit', operation: 'get /audit' },
  { to: '/events', word: 'events', operation: 'get /events' },
] as const;

const active = { 'aria-current': 'page' as const };

/** Every page the person may use. */
export function Navigation() {
  const may = useMay();
  return (
    <nav aria-label={words.navigation}>
      <ul>
        <li>
          <Link to="/" activeOptions={{ exact: true }} activeProps={active}>
            {words.pages.overview}
          </Link>
        </li>
        {PROTECTING.every(may) && (
          <li>
            <Link to="/protect" activeProps={active}>
              {words.pages.protect}
            </Link>
          </li>
        )}
      </ul>
      <h2>{words.groups.insight}</h2>
      <ul>
        {INSIGHT.filter(({ operation }) => may(operation)).map(({ to, word }) => (
          <li key={to}>
            <Link to={to} activeProps={active}>
              {words.pages[word]}
            </Link>
          </li>
        ))}
      </ul>
      {groups.map(({ word, kinds }) => {
        const shown = kinds.filter((kind) => may(`get /${kind}` as Operation));
        return (
          shown.length > 0 && (
            <div key={word}>
              <h2>{words.groups[word]}</h2>
              <ul>
                {shown.map((kind) => (
                  <li key={kind}>
                    <Link to="/$kind" params={{ kind }} activeProps={active}>
                      {kindWords(kind).many}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
    </nav>
  );
}
