import { describe, expect, it, vi } from 'vitest';
import { formatTag, RESPONSE_WINDOW_BYTES } from '../../messages/request-tag.ts';
import type { UploadCommand } from '../../messages/requests.ts';
import { PageRequests, type UploadPort } from './page-requests.ts';

const id = '0123456789abcdef-1';
const tag = (changes: { hasUpload?: boolean; isPaced?: boolean; length?: number } = {}) =>
  formatTag({ id, hasUpload: false, isPaced: false, ...changes });

function port() {
  const said: UploadCommand[] = [];
  const end: UploadPort = {
    postMessage: (command: UploadCommand) => void said.push(command),
    onmessage: null,
    close: vi.fn(),
  };
  const receive = (data: unknown): void =>
    end.onmessage?.call(end as MessagePort, { data } as MessageEvent);
  return { end, said, receive };
}

describe('PageRequests', () => {
  it('knows requests by their tag only, and takes only its own messages', () => {
    const pages = new PageRequests();
    for (const hash of ['', '#postern-1', `#postern-${id}x`, '#section']) {
      expect(pages.find(hash)).toBeUndefined();
    }
    expect(pages.find(tag({ length: 400_000 }))?.length).toBe(400_000);
    expect(pages.find(tag())?.length).toBeUndefined();
    expect(pages.take({ type: 'postern.alive' }, undefined)).toBe(false);
    expect(pages.take({ type: 'postern.abort', id: 1 }, undefined)).toBe(false);
    expect(pages.take({ type: 'postern.abort', id, more: 1 }, undefined)).toBe(false);
  });

  it.each(['before', 'after'])('aborts when the message comes %s the request', (order) => {
    const pages = new PageRequests();
    const early = order === 'after' ? pages.find(tag()) : undefined;
    expect(pages.take({ type: 'postern.abort', id }, undefined)).toBe(true);
    expect((early ?? pages.find(tag()))?.signal.aborted).toBe(true);
  });

  it('reads an upload at the pace it is taken, and again after a redirect', async () => {
    const pages = new PageRequests();
    const { end, said, receive } = port();
    const request = pages.find(tag({ hasUpload: true }));
    const opening = request?.body();
    pages.take({ type: 'postern.upload', id, length: 3 }, end);
    const body = await opening;
    expect(body?.length).toBe(3);
    for (const round of [1, 2]) {
      const chunks = body!.chunks()[Symbol.asyncIterator]();
      const first = chunks.next();
      expect(said.splice(0)).toEqual([{ kind: 'start', run: round }]);
      receive({ kind: 'chunk', run: round, bytes: new Uint8Array([round, 2]).buffer });
      expect((await first).value).toEqual(new Uint8Array([round, 2]));
      expect(said).toEqual([]);
      const second = chunks.next();
      receive({ kind: 'chunk', run: round, bytes: new Uint8Array([3]).buffer });
      expect((await second).value).toEqual(new Uint8Array([3]));
      expect(said.splice(0)).toEqual([{ kind: 'taken', bytes: 2 }]);
      expect((await chunks.next()).done).toBe(true);
      expect(said.splice(0)).toEqual([{ kind: 'taken', bytes: 1 }]);
    }
  });

  it('a redirect takes the body over from the request before it', async () => {
    const pages = new PageRequests();
    const { end, said, receive } = port();
    pages.take({ type: 'postern.upload', id, length: 2 }, end);
    const body = (await pages.find(tag({ hasUpload: true }))!.body())!;
    const first = body.chunks()[Symbol.asyncIterator]().next();
    body.cancel();
    const second = body.chunks()[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ code: 'ERR_SW_REQUEST_BODY' });
    // Sent before the page heard that the body is wanted from its start.
    receive({ kind: 'chunk', run: 1, bytes: new ArrayBuffer(1) });
    receive({ kind: 'chunk', run: 2, bytes: new ArrayBuffer(2) });
    expect((await second).value).toHaveLength(2);
    expect(said).toEqual([
      { kind: 'start', run: 1 },
      { kind: 'start', run: 2 },
    ]);
    expect(end.close).not.toHaveBeenCalled();
  });

  it.each([
    ['a file that changed', { kind: 'failed' }],
    ['more than announced', { kind: 'chunk', run: 1, bytes: new ArrayBuffer(4) }],
    ['anything else', { kind: 'chunk', run: 1, bytes: 'text' }],
  ])('fails for %s', async (_, event) => {
    const pages = new PageRequests();
    const { end, receive } = port();
    pages.take({ type: 'postern.upload', id, length: 3 }, end);
    const body = await pages.find(tag({ hasUpload: true }))!.body();
    const next = body!.chunks()[Symbol.asyncIterator]().next();
    receive(event);
    await expect(next).rejects.toMatchObject({ code: 'ERR_SW_REQUEST_BODY' });
  });

  it('stops waiting for a body when the page gives up', async () => {
    const pages = new PageRequests();
    const body = pages.find(tag({ hasUpload: true }))!.body();
    pages.take({ type: 'postern.abort', id }, undefined);
    await expect(body).rejects.toMatchObject({ code: 'ERR_SW_ABORTED' });
  });

  it('holds a long answer back until the page has read', async () => {
    const pages = new PageRequests();
    const read = vi.fn(() => Promise.resolve(new Uint8Array(RESPONSE_WINDOW_BYTES + 1)));
    const source = { status: 200, fields: [], read, cancel: vi.fn() };
    const paced = pages.find(tag({ isPaced: true }))!.answer(source);
    await paced.read?.();
    const second = paced.read?.();
    await Promise.resolve();
    expect(read).toHaveBeenCalledOnce();
    pages.take({ type: 'postern.consumed', id, bytes: 1 }, undefined);
    await second;
    expect(read).toHaveBeenCalledTimes(2);
  });
});
