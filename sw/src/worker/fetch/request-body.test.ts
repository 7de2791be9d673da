import { describe, expect, it, vi } from 'vitest';
import { openRequestBody, type RequestBody } from './request-body.ts';

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(7);

/** A request as an engine shows it to a worker: `body` a stream, null, or (Firefox) missing. */
function requestOf(method: string, body?: ReadableStream | null, blob?: Blob): Request {
  return { method, body, blob: () => Promise.resolve(blob) } as unknown as Request;
}

async function lengthOf(body: RequestBody): Promise<number> {
  let length = 0;
  for await (const chunk of body.chunks()) length += chunk.length;
  return length;
}

describe('openRequestBody', () => {
  it.each(['GET', 'HEAD'])('%s has none', async (method) => {
    expect(await openRequestBody(requestOf(method, null))).toBeUndefined();
  });

  it('null is none', async () => {
    expect(await openRequestBody(requestOf('POST', null))).toBeUndefined();
  });

  it('knows the length of what ends soon', async () => {
    const stream = new Blob([bytes(3), bytes(1000)]).stream();
    const body = (await openRequestBody(requestOf('POST', stream)))!;
    expect(body.length).toBe(1003);
    expect(await lengthOf(body)).toBe(1003);
  });

  it('does not look further than small bodies are long', async () => {
    let pulled = 0;
    const stream = new ReadableStream(
      {
        pull(controller) {
          pulled += 1;
          if (pulled > 100) controller.close();
          else controller.enqueue(bytes(65_536));
        },
      },
      { highWaterMark: 0 },
    );
    const body = (await openRequestBody(requestOf('POST', stream)))!;
    expect(body.length).toBeUndefined();
    expect(pulled).toBe(1);
    expect(await lengthOf(body)).toBe(100 * 65_536);
  });

  it('does not wait for a slow one, nor lose what came late', async () => {
    vi.useFakeTimers();
    let end = (): void => undefined;
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes(2));
        end = () => {
          controller.enqueue(bytes(3));
          controller.close();
        };
      },
    });
    const opening = openRequestBody(requestOf('POST', stream));
    await vi.advanceTimersByTimeAsync(50);
    vi.useRealTimers();
    const body = (await opening)!;
    expect(body.length).toBeUndefined();
    end();
    expect(await lengthOf(body)).toBe(5);
  });

  it('passes a broken body on as an error, and lets go of one that nobody reads', async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error('broken')),
    });
    await expect(openRequestBody(requestOf('POST', broken))).rejects.toThrow('broken');
    const cancel = vi.fn();
    const endless = new ReadableStream({
      start: (controller) => controller.enqueue(bytes(70_000)),
      cancel,
    });
    (await openRequestBody(requestOf('POST', endless)))!.cancel();
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
  });

  it('reads a Blob where requests show no body', async () => {
    const blob = new Blob([bytes(200_000)]);
    const body = (await openRequestBody(requestOf('PUT', undefined, blob)))!;
    expect(body.length).toBe(200_000);
    expect(await lengthOf(body)).toBe(200_000);
  });
});
