import { useMemo } from 'react';
import { fill, words } from '../words/index.ts';
import { placeRouters, type Point } from './layout.ts';
import { circuitsOn } from './circuits-on.ts';
import type { FabricCircuit, FabricLink, FabricRouter } from './fabric.ts';

export interface PictureProps {
  routers: readonly FabricRouter[];
  links: readonly FabricLink[];
  circuits: readonly FabricCircuit[];
}

/** Routers and links as one picture; a line is thicker the more circuits run over it. */
export function Picture({ routers, links, circuits }: PictureProps) {
  const places = useMemo(
    () =>
      placeRouters(
        routers.map(({ id }) => id),
        links.map(({ id, sourceRouter, destRouter }) => ({
          id,
          from: sourceRouter.id,
          to: destRouter.id,
        })),
      ),
    [routers, links],
  );
  const label = fill(words.map.picture, { routers: routers.length, links: links.length });
  return (
    <svg className="map" viewBox="-50 -50 100 100" role="img" aria-label={label}>
      {links.map((link) => {
        const from = places.get(link.sourceRouter.id);
        const to = places.get(link.destRouter.id);
        if (!from || !to) return null;
        return <Line key={link.id} from={from} to={to} circuits={circuitsOn(link.id, circuits)} />;
      })}
      {routers.map(({ id, name, connected }) => {
        const at = places.get(id);
        return (
          at && (
            <g key={id} className={connected ? 'router online' : 'router'}>
              <circle cx={at.x} cy={at.y} r={2.2} />
              <text x={at.x} y={at.y + (at.y > 20 ? 6 : -4)} textAnchor="middle">
                {name}
              </text>
            </g>
          )
        );
      })}
    </svg>
  );
}

function Line({ from, to, circuits }: { from: Point; to: Point; circuits: number }) {
  return (
    <line
      className={circuits > 0 ? 'link busy' : 'link'}
      x1={from.x}
      y1={from.y}
      x2={to.x}
      y2={to.y}
      strokeWidth={0.4 + Math.min(2, Math.log2(1 + circuits) * 0.4)}
    />
  );
}
