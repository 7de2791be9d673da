import { describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../storage/store.ts';
import { noteUser } from './user-change.ts';

const token = (sub: unknown): string => `h.${btoa(JSON.stringify({ sub }))}.s`;

describe('noteUser', () => {
  it('forgets what another user left, before noting the new one', async () => {
    const store = createMemoryStore();
    const forget = vi.fn(async () => expect(await store.get('user')).toBe('alice'));
    expect(await noteUser(store, token('alice'), forget)).toBe(false);
    expect(await noteUser(store, token('alice'), forget)).toBe(false);
    expect(forget).not.toHaveBeenCalled();
    expect(await noteUser(store, token('bob'), forget)).toBe(true);
    expect(forget).toHaveBeenCalledOnce();
  });

  it.each([['not.a.token'], [''], [token(7)]])('takes %j for somebody else', async (unknown) => {
    const store = createMemoryStore();
    await noteUser(store, token('alice'), () => Promise.resolve());
    expect(await noteUser(store, unknown, () => Promise.resolve())).toBe(true);
  });
});
