import { MessageHeaders } from '@postern/shared/protocol/channel';
import { expect, it } from 'vitest';
import { agreedLinkCost, linkWeight, setLinkCost } from './link-cost.ts';

const hello = (headers: MessageHeaders) => ({
  contentType: 0,
  sequence: 1,
  headers,
  body: new Uint8Array(),
});

it('a link costs what the dearer of its ends says, in both directions', () => {
  const cheap = hello(setLinkCost(new MessageHeaders(), 3));
  const dear = hello(setLinkCost(new MessageHeaders(), 65_535));
  expect([agreedLinkCost(3, dear), agreedLinkCost(65_535, cheap)]).toEqual([65_535, 65_535]);
  expect(agreedLinkCost(1, hello(new MessageHeaders()))).toBe(1);
});

it('a cost counts above the one of every hop', () => {
  expect([linkWeight({ latencyMs: 2 }), linkWeight({ latencyMs: 2, staticCost: 11 })]).toEqual([
    2, 12,
  ]);
});
