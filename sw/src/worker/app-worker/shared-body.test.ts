import { describe, expect, it, vi } from 'vitest';
import type { ReadChunk } from '../documents/inject.ts';
import { SharedBody } from './shared-body.ts';

const MEBIBYTE = 1024 * 1024;

function world(chunks: (Uint8Array | Error)[]) {
  const cancel = vi.fn();
  const read = vi.fn<ReadChunk>(() => {
    const next = chunks.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  return { body: new SharedBody(read, cancel), cancel, read };
}
const all = async (read: ReadChunk): Promise<number[]> => {
  const bytes: number[] = [];
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) bytes.push(...chunk);
  return bytes;
};
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('a body for two readers', () => {
  it('comes whole to both, whoever is first', async () => {
    const { body } = world([bytes(1), bytes(2, 3)]);
    expect(body.claim()).toBe(true);
    expect(await all(body.readByPage)).toEqual([1, 2, 3]);
    expect(await all(body.readByWorker)).toEqual([1, 2, 3]);
  });

  it('gives each its own bytes, since streams detach them', async () => {
    const { body } = world([bytes(1)]);
    const first = await body.readByWorker();
    structuredClone(first, { transfer: [first!.buffer] });
    expect(await body.readByPage()).toEqual(bytes(1));
  });

  it('is not for the page any more once the worker has read far ahead', async () => {
    const { body } = world(Array.from({ length: 20 }, () => new Uint8Array(MEBIBYTE)));
    while ((await body.readByWorker()) !== undefined);
    expect(body.claim()).toBe(false);
  });

  it('holds back who is ahead once both want it', async () => {
    const { body, read } = world(Array.from({ length: 20 }, () => new Uint8Array(MEBIBYTE)));
    body.claim();
    let pageBytes = 0;
    const page = (async () => {
      for (let chunk = await body.readByPage(); chunk; chunk = await body.readByPage())
        pageBytes += chunk.length;
    })();
    await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(9));
    while ((await body.readByWorker()) !== undefined);
    await page;
    expect(pageBytes).toBe(20 * MEBIBYTE);
  });

  it('goes on for one when the other stops, and ends with both', async () => {
    const { body, cancel } = world([bytes(1), bytes(2), bytes(3)]);
    body.claim();
    await body.readByPage();
    body.drop('worker', 'enough');
    expect(await body.readByPage()).toEqual(bytes(2));
    expect(cancel).not.toHaveBeenCalled();
    body.drop('page', 'gone');
    body.drop('page', 'gone');
    expect(cancel).toHaveBeenCalledExactlyOnceWith('gone');
  });

  it('fails for both when it fails', async () => {
    const { body } = world([bytes(1), new Error('cut off')]);
    await expect(all(body.readByWorker)).rejects.toThrow('cut off');
    expect(await body.readByPage()).toEqual(bytes(1));
    await expect(body.readByPage()).rejects.toThrow('cut off');
  });
});
