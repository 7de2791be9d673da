import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser } from './event-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** HTML §9.2.6 has these as examples. */
describe('EventStreamParser', () => {
  it.each([
    ['data: YHOO\ndata: +2\ndata: 10\n\n', ['YHOO\n+2\n10']],
    [
      ': test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n',
      ['first', 'second', ' third'],
    ],
    ['data\n\ndata\ndata\n\ndata:', ['', '\n']],
    ['data:test\n\ndata: test\n\n', ['test', 'test']],
    ['data: a\r\rdata: b\r\n\r\ndata: c\n\n', ['a', 'b', 'c']],
    ['\uFEFFdata: a\n\n', ['a']],
    ['event: x\n\ndata: y\n\n', ['y']],
  ])('%j', (text, expected) => {
    expect(new EventStreamParser().push(bytes(text)).map(({ data }) => data)).toEqual(expected);
  });

  it('gives the same events however the bytes are cut', () => {
    const text = bytes(
      'id: ä\r\nevent: step\r\ndata: 1\r\ndata: ü\r\n\r\nretry: 20\nid: x\0y\ndata: 2\r\r',
    );
    const whole = new EventStreamParser().push(text);
    expect(whole).toEqual([
      { type: 'step', data: '1\nü', lastEventId: 'ä' },
      { type: 'message', data: '2', lastEventId: 'ä' },
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const parser = new EventStreamParser();
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const events = at.slice(1).flatMap((end, i) => parser.push(text.slice(at[i], end)));
        expect(events).toEqual(whole);
        expect(parser.reconnectMs).toBe(20);
      }),
    );
  });

  it('keeps the last id, and nothing else, over a reconnect', () => {
    const parser = new EventStreamParser();
    parser.push(bytes('id: 1\ndata: a\n\nid: 2\ndata: lost'));
    parser.restart();
    expect(parser.lastEventId).toBe('1');
    expect(parser.push(bytes('data: b\n\n'))).toEqual([
      { type: 'message', data: 'b', lastEventId: '1' },
    ]);
  });
});
