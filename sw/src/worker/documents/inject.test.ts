import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charsetOfPrefix } from './charset.ts';
import { injectScript, type ReadChunk } from './inject.ts';
import { findInsertionPoint, MAX_PROLOGUE_BYTES } from './insertion-point.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const SCRIPT = '<script>R</script>';

function chunks(...parts: (string | Uint8Array)[]): ReadChunk {
  const queue = parts.map((part) => (typeof part === 'string' ? encode(part) : part));
  return () => Promise.resolve(queue.shift());
}

async function readAll(read: ReadChunk): Promise<string> {
  let text = '';
  for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
    text += Buffer.from(chunk).toString('latin1');
  }
  return text;
}

async function inject(...parts: string[]): Promise<string> {
  const { read } = await injectScript(chunks(...parts), 'text/html; charset=utf-8', SCRIPT);
  return readAll(read);
}

describe('injectScript', () => {
  it.each([
    ['<!doctype html><html lang="en"><head prefix="a>b"><title>', '</title>'],
    ['<!DOCTYPE html>', '\n<body>x'],
    ['<html>', '<body>x'],
    ['', '<p>no doctype'],
    ['', 'plain text'],
    ['', '\n text'],
    ['<!-- a > b --><!doctype html>', '<script>first()</script>'],
    ['<!-->', '<p>'],
    ['<!doctype html><html data-x=a"b>', '<p title=">">'],
    ["<html lang='>'>", '<header><head>'],
    ['<?xml version="1.0"?><html>', '<p>'],
    ['\u00ef\u00bb\u00bf<!doctype html>', '<p>'],
    ['<!doctype html><head>', '<meta charset=x>'],
  ])('inserts between %j and %j', async (before, after) => {
    const cut = before.endsWith('<title>') ? before.slice(0, -'<title>'.length) : before;
    const tail = before.slice(cut.length) + after;
    const bytes = Uint8Array.from(cut + tail, (char) => char.charCodeAt(0));
    const { read } = await injectScript(chunks(bytes), 'text/html; charset=utf-8', SCRIPT);
    expect(await readAll(read)).toBe(cut + SCRIPT + tail);
  });

  it('finds the same point however the bytes are split', async () => {
    const html =
      '<!-- c --><!doctype html>\n<html a="1" b=\'>\'>\n <head data-x>\n<title>t</title>';
    const whole = await inject(html);
    expect(whole).toContain(`<head data-x>${SCRIPT}`);
    for (let i = 0; i <= html.length; i++)
      expect(await inject(html.slice(0, i), html.slice(i))).toBe(whole);
    expect(await inject(...html.split(''))).toBe(whole);
  });

  it('never loses, repeats or reorders a byte', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<!doctype html>',
        '<html',
        '>',
        '<head',
        '<!--',
        '-->',
        '"',
        "'",
        '=',
        ' ',
        '<meta charset=a>',
      ),
      fc.string({ maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (parts) => {
        const html = Buffer.from(parts.join('')).toString('latin1');
        const result = await inject(...parts);
        expect(result.split(SCRIPT).length).toBe(2);
        expect(result.replace(SCRIPT, '')).toBe(html);
      }),
    );
  });

  it('gives up waiting at the limit', async () => {
    const comment = `<!--${'x'.repeat(MAX_PROLOGUE_BYTES)}`;
    expect(await inject(comment, '--><p>')).toBe(`${SCRIPT}${comment}--><p>`);
  });

  it('does not hold a slow document back', async () => {
    let release: (chunk: Uint8Array | undefined) => void = () => undefined;
    const parts: Promise<Uint8Array | undefined>[] = [
      Promise.resolve(encode('<!doctype html>')),
      new Promise((resolve) => (release = resolve)),
    ];
    const { read } = await injectScript(
      () => parts.shift() ?? Promise.resolve(undefined),
      'text/html',
      SCRIPT,
    );
    expect(Buffer.from((await read())!).toString()).toBe('<!doctype html>');
    release(encode('<p>late'));
    expect(await readAll(read)).toBe(`${SCRIPT}<p>late`);
  });

  it('passes an error of the body on', async () => {
    const failing: ReadChunk = () => Promise.reject(new Error('reset'));
    await expect(injectScript(failing, 'text/html', SCRIPT)).rejects.toThrow('reset');
  });

  it.each([
    ['text/html; charset=utf-16le', Uint8Array.of(0x3c, 0)],
    ['text/html', Uint8Array.of(0xff, 0xfe, 0x3c, 0)],
  ])('leaves UTF-16 alone (%s)', async (contentType, bytes) => {
    const document = await injectScript(chunks(bytes), contentType, SCRIPT);
    expect(document).toMatchObject({ injected: false, contentType });
    expect(await readAll(document.read)).toBe(Buffer.from(bytes).toString('latin1'));
  });

  it('says which encoding the document declares', async () => {
    const declared = await injectScript(
      chunks('<!doctype html><meta charset="Shift_JIS">'),
      'text/html',
      SCRIPT,
    );
    expect(declared.contentType).toBe('text/html; charset=shift_jis');
    const header = await injectScript(
      chunks('<meta charset=koi8-r>'),
      'text/html; charset=UTF-8',
      SCRIPT,
    );
    expect(header.contentType).toBe('text/html; charset=UTF-8');
  });
});

describe('charsetOfPrefix', () => {
  it.each([
    ['<meta charset=utf-8>', 'utf-8'],
    ['<META http-equiv="Content-Type" content="text/html; charset=ISO-8859-2">', 'iso-8859-2'],
    ['<meta name=x content=y><meta charset="koi8-r"/>', 'koi8-r'],
    ['<!-- <meta charset=utf-7> --><meta charset=big5>', 'big5'],
    ['<meta charset=utf-16>', 'utf-8'],
    ['<p>charset=utf-8', undefined],
    [' '.repeat(1024) + '<meta charset=utf-8>', undefined],
  ])('%j → %s', (html, expected) => {
    expect(charsetOfPrefix(encode(html))).toBe(expected);
  });
});

describe('findInsertionPoint', () => {
  it('waits only while it must', () => {
    expect(findInsertionPoint(encode('<!doctype html><hea'), false)).toBeUndefined();
    expect(findInsertionPoint(encode('<!doctype html><header'), false)).toBe(15);
    expect(findInsertionPoint(encode('<!doctype html><hea'), true)).toBe(15);
  });
});
