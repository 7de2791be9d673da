import { HeaderKey, MessageHeaders } from '@postern/shared/protocol/channel';
import { describe, expect, it } from 'vitest';
import { instanceOf, isInstanceOfAnother } from './instances.ts';

const bindOf = (instanceId: string, secret?: number): MessageHeaders => {
  const headers = new MessageHeaders().setString(HeaderKey.terminatorIdentity, instanceId);
  return secret === undefined
    ? headers
    : headers.setBytes(HeaderKey.terminatorSecret, Uint8Array.of(secret));
};
const claim = (hostId: string, instanceId: string, secret?: number, serviceId = 's') => ({
  serviceId,
  hostId,
  ...instanceOf(bindOf(instanceId, secret)),
});

describe('instances', () => {
  it('are none without a name, and keep no secret', () => {
    expect([instanceOf(new MessageHeaders()), instanceOf(bindOf('', 1))]).toEqual([{}, {}]);
    expect(instanceOf(bindOf('a'))).toEqual({ instanceId: 'a' });
    const { instanceProof } = instanceOf(bindOf('a', 1));
    expect(instanceProof).toHaveLength(43);
    expect(instanceOf(bindOf('b', 1)).instanceProof).not.toBe(instanceProof);
  });

  it('have names and secrets of limited size', () => {
    expect(() => instanceOf(bindOf('x'.repeat(257)))).toThrow(/too long/);
    const headers = bindOf('a').setBytes(HeaderKey.terminatorSecret, new Uint8Array(4097));
    expect(() => instanceOf(headers)).toThrow(/too long/);
  });

  it.each([
    ['another host without a secret', claim('h1', 'a'), claim('h2', 'a'), true],
    ['another host with a secret of its own', claim('h1', 'a', 1), claim('h2', 'a', 2), true],
    ['another host where only one showed a secret', claim('h1', 'a', 1), claim('h2', 'a'), true],
    ['another host with the same secret', claim('h1', 'a', 1), claim('h2', 'a', 1), false],
    ['the same host again', claim('h1', 'a'), claim('h1', 'a'), false],
    ['another instance', claim('h1', 'a'), claim('h2', 'b'), false],
    ['another service', claim('h1', 'a'), claim('h2', 'a', undefined, 't'), false],
    ['no instance', claim('h1', ''), claim('h2', ''), false],
  ])('of %s', (_, mine, other, expected) => {
    expect(isInstanceOfAnother(mine, other)).toBe(expected);
    expect(isInstanceOfAnother(other, mine)).toBe(expected);
  });
});
