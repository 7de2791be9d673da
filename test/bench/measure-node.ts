/** A Node program as client, against the same requests sent straight to the app. */
import { Pool } from 'undici';
import type { SecureSession } from '@postern/shared/protocol/session';
import { request } from '../harness/connector-client.ts';
import { median, milliseconds, ratio, type FigureTable } from './figures.ts';

const rounds = 3;
const megabytes = 96;
const part = new Uint8Array(65_536);
const partsInUpload = 1500;

/** How one way answers: reads the whole body and tells its length. */
type Exchange = (path: string, body?: AsyncIterable<Uint8Array>) => Promise<number>;

interface Figures {
  p50: number;
  p99: number;
  download: number;
  upload: number;
}

export async function measureNode(
  table: FigureTable,
  label: string,
  session: SecureSession,
  appPort: number,
): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${appPort}`, { connections: 1 });
  const ways = {
    direct: async (path: string, body?: AsyncIterable<Uint8Array>) => {
      const answer = await pool.request({
        path,
        method: body ? 'POST' : 'GET',
        ...(body && { body }),
      } as Parameters<Pool['request']>[0]);
      return countBytes(answer.body as AsyncIterable<Uint8Array>);
    },
    postern: async (path: string, body?: AsyncIterable<Uint8Array>) => {
      const { stream } = await request(session, path, body ? { method: 'POST', body } : {});
      let bytes = 0;
      for (let chunk = await stream.read(); chunk; chunk = await stream.read()) {
        bytes += chunk.length;
      }
      return bytes;
    },
  };
  const measured: Record<keyof typeof ways, Figures[]> = { direct: [], postern: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of ['direct', 'postern'] as const) measured[name].push(await run(ways[name]));
  }
  await pool.close();

  const of = (way: keyof typeof ways, figure: keyof Figures) =>
    median(measured[way].map((figures) => figures[figure]));
  const added = of('postern', 'p50') - of('direct', 'p50');
  table.add(
    `${label}: warm request`,
    `p50 ${milliseconds(of('postern', 'p50'))}, p99 ${milliseconds(of('postern', 'p99'))}`,
    `direct p50 ${milliseconds(of('direct', 'p50'))}, p99 ${milliseconds(of('direct', 'p99'))}; added p50 ${milliseconds(added)}`,
  );
  for (const what of ['download', 'upload'] as const) {
    const speed = of('postern', what);
    table.add(
      `${label}: ${what}`,
      `${speed.toFixed(0)} MB/s`,
      `direct HTTP ${ratio(speed, of('direct', what))}`,
    );
  }
}

async function run(exchange: Exchange): Promise<Figures> {
  const times: number[] = [];
  for (let i = 0; i < 330; i++) {
    const start = performance.now();
    await exchange(`/tiny?${i}`);
    if (i >= 30) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  let start = performance.now();
  const bytes = await exchange(`/down?mb=${megabytes}`);
  const download = bytes / 1e3 / (performance.now() - start);
  start = performance.now();
  await exchange('/up', upload());
  const sent = part.length * partsInUpload;
  return {
    p50: times[Math.floor(times.length * 0.5)] ?? NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? NaN,
    download,
    upload: sent / 1e3 / (performance.now() - start),
  };
}

async function* upload(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < partsInUpload; i++) yield part;
}

async function countBytes(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}
