// The table and the plots of docs/performance.md, from a report of the simulator:
// node scripts/simulation-markdown.mjs report.json
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** @param {{ meshes: import('../test/fault/simulator/summary.ts').MeshSummary[] }} report */
export function simulationMarkdown({ meshes }) {
  const rows = meshes.map((mesh) => [
    mesh.routers,
    mesh.connectors,
    mesh.links,
    mesh.rounds,
    `${mesh.convergedS.median} s, ${mesh.convergedS.most} s`,
    mesh.controlMessages,
    mesh.frames,
    `${mesh.cpuS} s`,
    `${mesh.dials.opened}, ${mesh.dials.refused}`,
  ]);
  const head = [
    'routers',
    'connectors',
    'links up',
    'rounds',
    'exact after (median, most)',
    'control messages',
    'frames',
    'processor time',
    'dials opened, refused',
  ];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  const plot = (title, axis, of) =>
    [
      '```mermaid',
      'xychart-beta',
      `  title "${title}"`,
      `  x-axis "routers" [${meshes.map(({ routers }) => routers).join(', ')}]`,
      `  y-axis "${axis}"`,
      `  line [${meshes.map(of).join(', ')}]`,
      '```',
    ].join('\n');
  return [
    table.join('\n'),
    plot('Time until everything is exact', 's', ({ convergedS }) => convergedS.median),
    plot(
      'Messages a round',
      'thousands',
      ({ controlMessages, frames }) => Math.round((controlMessages + frames) / 100) / 10,
    ),
  ].join('\n\n');
}

if (argv[1] === fileURLToPath(import.meta.url))
  console.log(simulationMarkdown(JSON.parse(readFileSync(argv[2], 'utf8'))));
