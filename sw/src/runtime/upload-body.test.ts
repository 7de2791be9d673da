import { describe, expect, it } from 'vitest';
import { toUploadBody } from './upload-body.ts';

describe('toUploadBody', () => {
  it.each([
    ['ä', 'ä', 'text/plain;charset=UTF-8'],
    [new URLSearchParams({ a: 'b c' }), 'a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8'],
    [new Blob(['x'], { type: 'text/x' }), 'x', 'text/x'],
    [new Blob(['x']), 'x', undefined],
    [new TextEncoder().encode('view').subarray(1), 'iew', undefined],
    [new TextEncoder().encode('buffer').buffer, 'buffer', undefined],
  ])('%o', async (body, text, type) => {
    const upload = toUploadBody(body);
    expect(await upload?.blob.text()).toBe(text);
    expect(upload?.type).toBe(type);
  });

  it.each([[undefined], [null], [new ReadableStream()], [{}]])(
    'leaves %o to the browser',
    (body) => {
      expect(toUploadBody(body)).toBeUndefined();
    },
  );

  it('writes forms as a browser does', async () => {
    const form = new FormData();
    form.append('a"\n', 'x\ny');
    form.append('file', new File(['bytes'], 'ä"\r.bin', { type: 'application/x-own' }));
    form.append('untyped', new File(['z'], 'z'));
    const { blob, type } = toUploadBody(form)!;
    // Its own parser reads back what a server would.
    const parsed = await new Response(blob, { headers: { 'content-type': type! } }).formData();
    expect(parsed.get('a"\r\n') ?? parsed.get('a%22%0D%0A')).toBe('x\r\ny');
    expect(await (parsed.get('file') as File).text()).toBe('bytes');
    const text = await blob.text();
    expect(text).toContain('name="a%22%0D%0A"\r\n\r\nx\r\ny\r\n');
    expect(text).toContain('filename="ä%22%0D.bin"\r\nContent-Type: application/x-own\r\n\r\n');
    expect(text).toContain('Content-Type: application/octet-stream\r\n\r\nz\r\n');
  });
});
