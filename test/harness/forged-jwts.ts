/**
 * Forged and altered JWTs, made from a genuine one: what every verifier must refuse (RFC 8725, RFC
 * 7515). Each belongs to a family, so that a verifier for which a family means nothing can say so.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signBytes,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

export type Family =
  /** Signature or algorithm. */
  | 'signature'
  /** A key that the token itself brings. */
  | 'brought-key'
  | 'kid'
  | 'critical'
  | 'typ'
  | 'iss'
  | 'aud'
  | 'exp'
  | 'nbf'
  /** Not one compact JWS with a JSON object inside. */
  | 'form';

export interface Genuine {
  /** `alg` is ES256. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly privateKey: KeyObject;
  /** `typ` of tokens that other verifiers of the system take. */
  readonly siblingTypes?: readonly string[];
}

export interface Forgery {
  readonly name: string;
  readonly family: Family;
  readonly token: string;
}

/** P-256's group order: as r or s it must never verify. */
const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
const YEAR = 31_536_000;

export function signGenuine({ header, claims, privateKey }: Genuine): string {
  return assemble(JSON.stringify(header), JSON.stringify(claims), es256(privateKey));
}

export function forgeries(genuine: Genuine): Forgery[] {
  const { header, claims, privateKey } = genuine;
  const publicKey = createPublicKey(privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const jwk = publicKey.export({ format: 'jwk' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const strangerJwk = stranger.publicKey.export({ format: 'jwk' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed = generateKeyPairSync('ed25519');
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });

  const own = es256(privateKey);
  const theirs = es256(stranger.privateKey);
  const token = signGenuine(genuine);
  const [h = '', p = '', s = ''] = token.split('.');
  const made: Forgery[] = [];
  const add = (family: Family, name: string, forged: string) =>
    made.push({ family, name, token: forged });
  const withHeader = (change: object, sign: Signer = own) =>
    assemble(JSON.stringify({ ...header, ...change }), JSON.stringify(claims), sign);
  const withClaims = (change: object) =>
    assemble(JSON.stringify(header), JSON.stringify({ ...claims, ...change }), own);
  const without = (object: object, name: string) =>
    Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

  for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
    add(
      'signature',
      `alg ${alg || '(empty)'} without signature`,
      withHeader({ alg }, () => ''),
    );
  add('signature', 'alg none with a signature', withHeader({ alg: 'none' }));
  const secrets: [string, string | Buffer][] = [
    ['public key as PEM', pem],
    ['public key as PEM without its last newline', pem.trimEnd()],
    ['public key as DER', der],
    ['public key as JWK', JSON.stringify(jwk)],
    ['x coordinate', Buffer.from(jwk.x ?? '', 'base64url')],
    ['empty secret', ''],
  ];
  for (const [what, secret] of secrets)
    add(
      'signature',
      `HS256 with the ${what}`,
      withHeader({ alg: 'HS256' }, hmac('sha256', secret)),
    );
  add('signature', 'HS512 with the public key', withHeader({ alg: 'HS512' }, hmac('sha512', pem)));
  add('signature', 'ES256 said, HMAC done', withHeader({}, hmac('sha256', pem)));
  add('signature', 'RS256 by a stranger', withHeader({ alg: 'RS256' }, rs256(rsa.privateKey)));
  add('signature', 'RS256 said, ECDSA done', withHeader({ alg: 'RS256' }));
  add('signature', 'PS256 said, ECDSA done', withHeader({ alg: 'PS256' }));
  add('signature', 'EdDSA by a stranger', withHeader({ alg: 'EdDSA' }, eddsa(ed.privateKey)));
  add('signature', 'ES384 by a stranger', withHeader({ alg: 'ES384' }, es384(p384.privateKey)));
  add('signature', 'ES384 said, ES256 done', withHeader({ alg: 'ES384' }));
  add('signature', 'ES256K', withHeader({ alg: 'ES256K' }));
  add('signature', 'alg in lower case', withHeader({ alg: 'es256' }));
  for (const alg of [null, 7, ['ES256'], { name: 'ES256' }, true])
    add('signature', `alg of type ${JSON.stringify(alg)}`, withHeader({ alg }));
  add(
    'signature',
    'no alg',
    assemble(JSON.stringify(without(header, 'alg')), JSON.stringify(claims), own),
  );
  add('signature', 'a stranger’s key', withHeader({}, theirs));
  add('signature', 'no signature', `${h}.${p}.`);
  add('signature', 'a signature cut short', `${h}.${p}.${s.slice(0, 43)}`);
  add('signature', 'a signature made longer', `${h}.${p}.${s}AAAA`);
  add('signature', 'a DER signature', withHeader({}, derSigned(privateKey)));
  add('signature', 'r = s = 0', `${h}.${p}.${encode(Buffer.alloc(64))}`);
  add(
    'signature',
    'r = s = the group order',
    `${h}.${p}.${encode(Buffer.from(ORDER + ORDER, 'hex'))}`,
  );
  add('signature', 'r and s exchanged', `${h}.${p}.${encode(exchanged(s))}`);
  for (const at of [0, 31, 32, 63])
    add(
      'signature',
      `bit flipped in byte ${at} of the signature`,
      `${h}.${p}.${encode(flipped(s, at))}`,
    );
  add(
    'signature',
    'another subject under the signature',
    `${h}.${encode({ ...claims, sub: 'admin' })}.${s}`,
  );
  add('signature', 'claims with a space more', `${h}.${encode(`${JSON.stringify(claims)} `)}.${s}`);
  add(
    'signature',
    'header written otherwise',
    `${encode(JSON.stringify(header, null, 1))}.${p}.${s}`,
  );
  add(
    'signature',
    'header with alg twice',
    `${encode(JSON.stringify(header).replace('{', '{"alg":"none",'))}.${p}.${s}`,
  );
  add(
    'signature',
    'claims with sub twice',
    `${h}.${encode(JSON.stringify(claims).replace('{', '{"sub":"admin",'))}.${s}`,
  );

  add('brought-key', 'jwk of a stranger', withHeader({ jwk: strangerJwk }, theirs));
  add(
    'brought-key',
    'jwk of a stranger, kid left out',
    assemble(
      JSON.stringify({ ...without(header, 'kid'), jwk: strangerJwk }),
      JSON.stringify(claims),
      theirs,
    ),
  );
  add(
    'brought-key',
    'jwk with its private part',
    withHeader({ jwk: stranger.privateKey.export({ format: 'jwk' }) }, theirs),
  );
  add(
    'brought-key',
    'symmetric jwk',
    withHeader(
      { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } },
      hmac('sha256', Buffer.from('AAAA', 'base64url')),
    ),
  );
  for (const name of ['jku', 'x5u'])
    add('brought-key', name, withHeader({ [name]: 'https://evil.example/keys' }, theirs));
  add('brought-key', 'x5c', withHeader({ x5c: [der.toString('base64')] }, theirs));
  add('brought-key', 'x5t', withHeader({ x5t: encode(Buffer.alloc(20)) }, theirs));

  for (const kid of [
    'unknown',
    '../../../../dev/null',
    "' or '1'='1",
    '',
    7,
    null,
    ['a'],
    { a: 1 },
    '__proto__',
  ])
    add('kid', `kid ${JSON.stringify(kid)}`, withHeader({ kid }, theirs));
  add(
    'kid',
    'no kid, a stranger’s key',
    assemble(JSON.stringify(without(header, 'kid')), JSON.stringify(claims), theirs),
  );

  for (const crit of [
    ['exp'],
    ['http://example.com/unknown'],
    [],
    'exp',
    [7],
    ['alg'],
    ['unknown'],
  ])
    add(
      'critical',
      `crit ${JSON.stringify(crit)}`,
      withHeader({ crit, 'http://example.com/unknown': 1 }),
    );
  add(
    'critical',
    'b64=false, marked critical',
    assemble(JSON.stringify({ ...header, b64: false, crit: ['b64'] }), JSON.stringify(claims), own),
  );
  add(
    'critical',
    'b64=false, claims not encoded',
    unencoded({ ...header, b64: false, crit: ['b64'] }, claims, own),
  );

  const types = ['JOSE', 'at+jwt', 'dpop+jwt', 'secevent+jwt', ...(genuine.siblingTypes ?? [])];
  for (const typ of [...types, 7, null, ''].filter((one) => one !== header['typ']))
    add('typ', `typ ${JSON.stringify(typ)}`, withHeader({ typ }));
  add(
    'typ',
    'no typ',
    assemble(JSON.stringify(without(header, 'typ')), JSON.stringify(claims), own),
  );

  const iss = claims['iss'];
  if (typeof iss === 'string') {
    for (const wrong of [
      `${iss}/`,
      iss.toUpperCase(),
      `${iss}.evil.example`,
      'https://evil.example',
      '',
      [iss],
      { iss },
      null,
      7,
    ])
      add('iss', `iss ${JSON.stringify(wrong).slice(0, 60)}`, withClaims({ iss: wrong }));
    add(
      'iss',
      'no iss',
      assemble(JSON.stringify(header), JSON.stringify(without(claims, 'iss')), own),
    );
  }
  const aud = claims['aud'];
  if (aud !== undefined) {
    for (const wrong of ['somebody-else', '', [], ['a', 'b'], { aud }, null, 7, true])
      add('aud', `aud ${JSON.stringify(wrong).slice(0, 60)}`, withClaims({ aud: wrong }));
    add(
      'aud',
      'no aud',
      assemble(JSON.stringify(header), JSON.stringify(without(claims, 'aud')), own),
    );
  }
  const exp = claims['exp'];
  if (typeof exp === 'number') {
    for (const wrong of [exp - YEAR, 0, -1, String(exp), 'never', null, true, [exp]])
      add('exp', `exp ${JSON.stringify(wrong)}`, withClaims({ exp: wrong, out: wrong }));
    add(
      'exp',
      'exp beyond what a number holds',
      assemble(
        JSON.stringify(header),
        JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e999'),
        own,
      ),
    );
    add(
      'exp',
      'no exp',
      assemble(JSON.stringify(header), JSON.stringify(without(without(claims, 'exp'), 'out')), own),
    );
    add('nbf', 'nbf in a year', withClaims({ nbf: exp + YEAR }));
    add('nbf', 'nbf as text', withClaims({ nbf: 'now' }));
  }

  const nested = assemble(JSON.stringify({ ...header, cty: 'JWT' }), token, own);
  add('form', 'a JWT within a JWT', nested);
  for (const [what, body] of [
    ['an array', '[]'],
    ['null', 'null'],
    ['text', '"claims"'],
    ['a number', '7'],
    ['no JSON', '{'],
    ['nothing', ''],
    ['two objects', '{}{}'],
  ] as const)
    add('form', `claims are ${what}`, assemble(JSON.stringify(header), body, own));
  add(
    'form',
    'claims are no UTF-8',
    assemble(JSON.stringify(header), Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), own),
  );
  add('form', 'header is an array', assemble('[]', JSON.stringify(claims), own));
  add('form', 'header is no JSON', assemble('ES256', JSON.stringify(claims), own));
  add(
    'form',
    'header nested 5000 deep',
    assemble(
      `{"alg":"ES256","a":${'['.repeat(2500)}${']'.repeat(2500)}}`,
      JSON.stringify(claims),
      theirs,
    ),
  );
  add('form', 'over 8 KiB', withClaims({ filler: 'x'.repeat(9000) }));
  add('form', 'over 1 MiB', withClaims({ filler: 'x'.repeat(1 << 20) }));
  add('form', 'one part', h);
  add('form', 'two parts', `${h}.${p}`);
  add('form', 'four parts', `${token}.${s}`);
  add('form', 'five parts', `${h}..${p}.${s}.${s}`);
  add('form', 'nothing', '');
  add('form', 'dots alone', '..');
  add('form', 'a space before', ` ${token}`);
  add('form', 'a newline behind', `${token}\n`);
  add('form', 'a NUL behind', `${token}\0`);
  add('form', 'white space within the signature', `${h}.${p}.${s.slice(0, 9)} ${s.slice(9)}`);
  add('form', 'white space within the claims', `${h}.${p.slice(0, 9)}\r\n${p.slice(9)}.${s}`);
  add('form', 'padding', `${h}.${p}.${s}==`);
  add(
    'form',
    'unused bits of the signature set',
    `${h}.${p}.${s.slice(0, -1)}${successor(s.slice(-1))}`,
  );
  add(
    'form',
    'base64 instead of base64url',
    `${h}.${p}.${Buffer.from(s, 'base64url').toString('base64')}`,
  );
  add('form', 'flattened JSON', JSON.stringify({ protected: h, payload: p, signature: s }));
  add(
    'form',
    'general JSON',
    JSON.stringify({ payload: p, signatures: [{ protected: h, signature: s }] }),
  );
  add('form', 'twice, by a comma', `${token},${token}`);
  add('form', 'behind a scheme', `Bearer ${token}`);
  return made;
}

type Signer = (input: Buffer) => Buffer | string;

const es256 =
  (key: KeyObject): Signer =>
  (input) =>
    signBytes('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
const derSigned =
  (key: KeyObject): Signer =>
  (input) =>
    signBytes('sha256', input, key);
const es384 =
  (key: KeyObject): Signer =>
  (input) =>
    signBytes('sha384', input, { key, dsaEncoding: 'ieee-p1363' });
const rs256 =
  (key: KeyObject): Signer =>
  (input) =>
    signBytes('sha256', input, key);
const eddsa =
  (key: KeyObject): Signer =>
  (input) =>
    signBytes(null, input, key);
const hmac =
  (hash: string, secret: string | Buffer): Signer =>
  (input) =>
    createHmac(hash, secret).update(input).digest();

const encode = (value: string | Buffer | object): string =>
  Buffer.isBuffer(value)
    ? value.toString('base64url')
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function assemble(header: string, claims: string | Buffer, sign: Signer): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${encode(Buffer.from(sign(Buffer.from(input))))}`;
}

/** RFC 7797: the claims stand in the token as they are. */
function unencoded(header: object, claims: object, sign: Signer): string {
  const input = `${encode(header)}.${JSON.stringify(claims)}`;
  return `${input}.${encode(Buffer.from(sign(Buffer.from(input))))}`;
}

function flipped(signature: string, at: number): Buffer {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  return bytes;
}

function exchanged(signature: string): Buffer {
  const bytes = Buffer.from(signature, 'base64url');
  return Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]);
}

/** The next character of the alphabet: decodes alike where only unused bits differ. */
function successor(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(character) + 1);
}

/** A P-256 signing key with its public JWK. */
export function newSigner(): { privateKey: KeyObject; jwk: JsonWebKey & { x: string; y: string } } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    jwk: publicKey.export({ format: 'jwk' }) as JsonWebKey & { x: string; y: string },
  };
}
