/** The operator's look of the pages: set over REST, checked, and found by the gateway. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdgeController, type EdgeController } from '../harness/edge-controller.ts';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const logo = { mediaType: 'image/svg+xml', data: base64(SVG) };
const sha256 = createHash('sha256').update(SVG).digest('hex');

let edge: EdgeController;
let applicationId: string;
let networkId: string;

beforeAll(async () => {
  edge = await startEdgeController();
  const serviceId = await edge.create('/services', { name: 'wiki', encryptionRequired: true });
  applicationId = await edge.create('/applications', {
    name: 'Wiki',
    origin: 'https://wiki.example.com',
    serviceId,
  });
  networkId = await edge.create('/brandings', {
    name: 'network',
    displayName: 'Acme',
    logo,
    light: { accent: 'rgb(11 92 173)', onAccent: '#fff' },
    helpUrl: 'https://help.example.com/',
  });
});
afterAll(() => edge.dispose());

const ask = (path: string, etag?: string) =>
  fetch(`${edge.controller.public.url}/postern/v1${path}`, {
    headers: etag === undefined ? {} : { 'if-none-match': etag },
  });
const lookUp = () => ask('/applications/lookup?host=wiki.example.com');

describe('a look', () => {
  it('reaches the gateway normalised, with the application and by itself, with an ETag', async () => {
    const network = {
      name: 'Acme',
      logo: { sha256, mediaType: 'image/svg+xml' },
      light: { accent: '#0b5cad', onAccent: '#ffffff' },
      helpUrl: 'https://help.example.com/',
    };
    const response = await ask('/branding');
    expect(await response.json()).toEqual(network);
    expect((await ask('/branding', response.headers.get('etag')!)).status).toBe(304);
    expect(await (await lookUp()).json()).toMatchObject({ branding: network });
  });

  it('of an application goes before the network’s, member by member, and changes the ETag', async () => {
    const before = (await lookUp()).headers.get('etag');
    const id = await edge.create('/brandings', {
      name: 'wiki',
      applicationId,
      displayName: 'Wiki of Acme',
      light: { accent: '#7a2e8e' },
    });
    const response = await lookUp();
    expect(response.headers.get('etag')).not.toBe(before);
    expect(((await response.json()) as { branding: object }).branding).toMatchObject({
      name: 'Wiki of Acme',
      logo: { sha256 },
      light: { accent: '#7a2e8e', onAccent: '#ffffff' },
    });
    expect(await (await ask('/branding')).json()).toMatchObject({ name: 'Acme' });
    expect((await edge.manage('DELETE', `/brandings/${id}`)).status).toBe(200);
    expect((await lookUp()).headers.get('etag')).toBe(before);
  });

  it('goes with its application', async () => {
    const serviceId = await edge.create('/services', { name: 'chat', encryptionRequired: true });
    const chat = { name: 'Chat', origin: 'https://chat.example.com', serviceId };
    const id = await edge.create('/applications', chat);
    const look = await edge.create('/brandings', { name: 'chat', applicationId: id });
    await edge.manage('DELETE', `/applications/${id}`);
    expect((await edge.manage('GET', `/brandings/${look}`)).status).toBe(404);
  });

  it.each([
    ['a colour that is none', { light: { accent: 'red}body{display:none' } }, 'light.accent'],
    ['a transparent colour', { dark: { text: 'rgb(0 0 0 / 50%)' } }, 'dark.text'],
    ['a colour of no place', { light: { border: '#000' } }, 'light'],
    ['text nobody can read', { light: { text: '#bbbbbb' } }, 'light.text'],
    ['a button nobody can read', { dark: { onAccent: '#888888' } }, 'dark.onAccent'],
    [
      'an active logo',
      { logo: { ...logo, data: base64(SVG.replace('path', 'script')) } },
      'logo.data',
    ],
    ['a logo of another type', { logo: { ...logo, mediaType: 'image/png' } }, 'logo.data'],
    ['a logo that is a page', { logo: { mediaType: 'text/html', data: 'PGh0bWw+' } }, 'logo'],
    ['a logo that is too large', { logo: { ...logo, data: 'A'.repeat(50_000) } }, 'logo'],
    ['a help link that runs', { helpUrl: 'javascript:alert(1)' }, 'helpUrl'],
    ['a help link in clear', { helpUrl: 'http://help.example.com' }, 'helpUrl'],
    ['a name in two lines', { displayName: 'Acme\nCorp' }, 'displayName'],
    ['a name that turns text around', { displayName: 'Acme \u202egpj' }, 'displayName'],
    ['a text that is too long', { supportText: 'x'.repeat(301) }, 'supportText'],
    ['an application nobody has', { applicationId: 'nowhere' }, 'applicationId'],
  ])('is refused for %s', async (_what, change, field) => {
    const { status, body } = await edge.manage('PATCH', `/brandings/${networkId}`, change);
    expect(status).toBe(400);
    expect(body.error.cause.field).toBe(field);
    expect(body.error.cause.reason).toEqual(expect.any(String));
  });

  it('says how far a colour is from being legible', async () => {
    const change = { light: { text: '#bbbbbb' } };
    const { body } = await edge.manage('PATCH', `/brandings/${networkId}`, change);
    expect(body.error.cause.reason).toMatch(/contrast of 1\.\d\d on background; at least 4\.5/);
  });

  it('is refused where it would make an application’s illegible', async () => {
    const look = await edge.create('/brandings', {
      name: 'dim',
      applicationId,
      dark: { accent: '#7d97b5' },
    });
    const { status, body } = await edge.manage('PATCH', `/brandings/${networkId}`, {
      dark: { onAccent: '#2b3a4a' },
    });
    expect(status).toBe(400);
    expect(body.error.cause.reason).toContain('on accent in the look “dim”');
    await edge.manage('DELETE', `/brandings/${look}`);
  });

  it('is there once for the network', async () => {
    const { status, body } = await edge.manage('POST', '/brandings', { name: 'another' });
    expect(status).toBe(400);
    expect(body.error.cause.field).toBe('applicationId');
  });

  it('is for administrators alone', async () => {
    const user = await edge.createUser('reader', {});
    const { status } = await edge.call('GET', '/edge/management/v1/brandings', {
      token: user.token,
    });
    expect(status).toBe(401);
  });
});

describe('a logo', () => {
  it('is given out by the hash of its bytes, inert', async () => {
    const response = await ask(`/branding/logos/${sha256}`);
    expect(await response.text()).toBe(SVG);
    expect(response.headers.get('content-type')).toBe('image/svg+xml');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each(['0'.repeat(64), 'x', `${sha256}.svg`])('is not there for %s', async (name) => {
    expect([400, 404]).toContain((await ask(`/branding/logos/${name}`)).status);
  });
});
