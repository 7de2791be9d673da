import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpChallenges } from './http-challenges.ts';

let challenges: HttpChallenges;
beforeEach(async () => {
  challenges = await HttpChallenges.open('127.0.0.1', 0);
});
afterEach(() => challenges.close());

const ask = async (path: string, method = 'GET') => {
  const response = await fetch(`http://127.0.0.1:${challenges.port}${path}`, { method });
  return [response.status, await response.text()];
};

it('answers what is asked of it as long as it is', async () => {
  challenges.add('token', 'token.thumbprint');
  expect(await ask('/.well-known/acme-challenge/token')).toEqual([200, 'token.thumbprint']);
  challenges.remove('token');
  expect(await ask('/.well-known/acme-challenge/token')).toEqual([404, '']);
});

it('tells nothing else', async () => {
  challenges.add('token', 'answer');
  for (const path of [
    '/',
    '/token',
    '/.well-known/acme-challenge/',
    '/.well-known/acme-challenge/__proto__',
  ])
    expect(await ask(path)).toEqual([404, '']);
  expect(await ask('/.well-known/acme-challenge/token', 'POST')).toEqual([404, '']);
});

it('says when the port is taken', async () => {
  await expect(HttpChallenges.open('127.0.0.1', challenges.port)).rejects.toMatchObject({
    code: 'ERR_LISTEN',
  });
});
