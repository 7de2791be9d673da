import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { EdgeClient } from '../client/edge-client.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { describeEvent, watchEvents } from './watch.ts';

function watch(streams: (string[] | number)[], flags: Parameters<typeof watchEvents>[2]) {
  const asked: (string | undefined)[] = [];
  let out = '';
  const client = {
    stream: (_method: string, _path: string, { headers }: { headers: Record<string, string> }) => {
      asked.push(headers['last-event-id']);
      const next = streams.shift() ?? 500;
      return Promise.resolve(
        typeof next === 'number'
          ? {
              statusCode: next,
              body: { json: () => Promise.resolve({ error: { code: 'UNAUTHORIZED' } }) },
            }
          : { statusCode: 200, body: Readable.from(next.map((text) => Buffer.from(text))) },
      );
    },
  } as unknown as EdgeClient;
  const terminal = {
    out: (text: string) => void (out += text),
    err: () => undefined,
  } as unknown as Terminal;
  const ended = watchEvents(client, terminal, flags, new AbortController().signal);
  return ended.then(() => ({ asked, out }));
}

describe('watchEvents', () => {
  it('prints events as they come, cut anywhere, and asks on from the last one', async () => {
    const first = 'id: 7\nevent: change\ndata: {"time":"T1","kind":"service","name":"wi'.split('');
    const { asked, out } = await watch(
      [
        [...first, 'ki"}\n\n', 'id: 8\ndata: half of'],
        ['id: 8\nevent: circuit\ndata: {"time":"T2"}\n\n'],
      ],
      { count: '2' },
    );
    expect(out).toBe('T1  change  kind=service  name=wiki\nT2  circuit\n');
    expect(asked).toEqual([undefined, '7']);
  });

  it('prints data unchanged as JSON', async () => {
    const { out } = await watch([['event: a\ndata: {"x":2}\n\n', 'event: b\ndata: {"x":3}\n\n']], {
      json: true,
      count: '1',
    });
    expect(out).toBe('{"x":2}\n');
  });

  it('ends when it is refused', async () => {
    await expect(watch([401], {})).rejects.toMatchObject({ code: 'ERR_CLI_SIGNED_OUT' });
  });

  it('goes on after a gap, and ends with the session', async () => {
    const cut = (code: string) => [`event: cut\ndata: {"code":"${code}","message":"why"}\n\n`];
    const { out } = await watch([cut('ERR_EVENTS_SLOW'), ['data: {"x":1}\n\n']], {
      json: true,
      count: '1',
    });
    expect(out).toBe('{"x":1}\n');
    await expect(watch([cut('ERR_SESSION_ENDED')], {})).rejects.toMatchObject({
      code: 'ERR_CLI_SIGNED_OUT',
    });
  });

  it('takes a number of events only', async () => {
    await expect(watch([], { count: 'x' })).rejects.toMatchObject({ code: 'ERR_CLI_USAGE' });
  });
});

it('shows what it cannot read as it is', () => {
  expect(describeEvent({ event: 'odd', data: 'not json', id: undefined })).toBe('odd  not json');
});
