import { describe, expect, it, vi } from 'vitest';
import { Farewells } from './farewells.ts';

const origin = 'https://wiki.example';

function createWorld() {
  const send = vi.fn((_request: Request) => Promise.resolve());
  const requests = { take: vi.fn((data: unknown) => data === 'a request') };
  const farewells = new Farewells({ origin, requests, send, logger: { warn: vi.fn() } as never });
  return { farewells, send, requests };
}

const farewell = (changes: object = {}) => ({
  type: 'postern.farewell',
  id: crypto.randomUUID(),
  url: `${origin}/left`,
  method: 'POST',
  headers: [['content-type', 'text/plain']],
  credentials: 'include',
  body: new Blob(['bye']),
  ...changes,
});

describe('what a page says while it is left', () => {
  it('is carried out once, though it is said twice', async () => {
    const { farewells, send } = createWorld();
    const message = farewell();
    await farewells.take(message);
    await farewells.take(message);
    await farewells.take(farewell());
    expect(send).toHaveBeenCalledTimes(2);
    const [[request]] = send.mock.calls as [[Request]];
    expect([request.url, request.method, await request.text()]).toEqual([
      `${origin}/left`,
      'POST',
      'bye',
    ]);
  });

  it.each<[string, unknown]>([
    ['with a body that is too long', farewell({ body: new Blob([new Uint8Array(65_537)]) })],
    ['without an id', farewell({ id: '' })],
    ['with something more', farewell({ mode: 'navigate' })],
  ])('counts for nothing %s', async (_, message) => {
    const { farewells, send } = createWorld();
    expect(await farewells.take(message)).toBe(false);
    expect(send).not.toHaveBeenCalled();
  });

  it('comes by a port too, the requests that nobody waits for among it', () => {
    const { farewells, send, requests } = createWorld();
    const line = { close: vi.fn(), onmessage: null as ((event: MessageEvent) => void) | null };
    farewells.listen(line);
    line.onmessage?.({ data: 'a request' } as MessageEvent);
    line.onmessage?.({ data: farewell() } as MessageEvent);
    expect(requests.take).toHaveBeenCalledWith('a request', undefined);
    expect(send).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 512; i++) farewells.listen({ close: vi.fn(), onmessage: null });
    expect(line.close).toHaveBeenCalledTimes(1);
  });

  it.each([{ method: 'CONNECT' }, { method: 'GET' }, { headers: [['bad name', 'x']] }])(
    'fails quietly where it is no request: %o',
    async (changes) => {
      const { farewells, send } = createWorld();
      await farewells.take(farewell(changes));
      expect(send).not.toHaveBeenCalled();
    },
  );
});
