import {
  answerKeyExchange,
  createWebCryptoCipher,
  pointThumbprint,
  signEs256,
  verifyEs256,
} from '../../crypto/index.ts';
import { concatBytes } from '../../bytes/index.ts';
import { verifyAssertion, verifyDialGrant, type DialGrantClaims } from '../../grants/index.ts';
import { systemClock } from '../channel/clock.ts';
import type { Circuit } from '../edge/types.ts';
import { isResume, ResumptionKeys } from '../resume/index.ts';
import { Session, TrafficKey, type SecureSession } from '../session/index.ts';
import { requireValid } from './checks.ts';
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, runHandshake } from './handshake-run.ts';
import {
  clientSignedText,
  deriveKeys,
  hostSignedText,
  openProof,
  sealProof,
  transcriptHash,
} from './key-schedule.ts';
import {
  HANDSHAKE_VERSION,
  SUITE_1,
  SUITE_1_NAME,
  decodeClientFinish,
  decodeClientHello,
  decodeClientProof,
  encodeHostHello,
  encodeHostProof,
} from './messages.ts';
import type { AcceptSecureOptions } from './options.ts';

/**
 * The host's side: acts on nothing before the caller proved that the dial grant is its own. Resolves
 * to a session whose `peer` are the grant's claims; or to one that was there before and goes on over
 * this circuit (`resumptions`). Throws
 * `ERR_HANDSHAKE_FAILED` (the cause inside, the circuit closed), or the circuit's own code.
 */
export async function acceptSecure(options: AcceptSecureOptions): Promise<SecureSession> {
  const { circuit, bindGrant, privateKey, limits, signal, time, authDueMs } = options;
  const { resumptions, serviceId, callerId } = options;
  const clock = options.clock ?? systemClock;
  const createCipher = options.createCipher ?? createWebCryptoCipher;
  const timeoutMs = options.timeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;

  return runHandshake({ circuit, clock, timeoutMs, signal }, async (link) => {
    const m1 = await link.receive();
    if (resumptions && isResume(m1)) {
      return resumptions.resume(link, circuit, m1, { serviceId, callerId });
    }
    const hello = decodeClientHello(m1);
    requireValid(hello.version === HANDSHAKE_VERSION, 'unknown version');
    requireValid(hello.suites.includes(SUITE_1), 'no suite in common');
    const { dialGrant } = hello;
    const caller = await checkDialGrant(dialGrant, options);

    const answer = await answerKeyExchange(hello.share, hello.kemKey, options.random);
    const hostHello = encodeHostHello({ suite: SUITE_1, ...answer });
    const th1 = await transcriptHash(m1, hostHello, circuit.circuitId);
    const handshakeKeys = await deriveKeys(th1, answer.sharedSecret);
    const hostText = await hostSignedText(th1, dialGrant, bindGrant);
    const hostProof = encodeHostProof({
      bindGrant,
      signature: await signEs256(privateKey, hostText),
    });
    const m2 = concatBytes(
      hostHello,
      await sealProof(createCipher, handshakeKeys.host, th1, hostProof),
    );
    link.send(m2);

    const m3 = await link.receive();
    const proof = decodeClientProof(
      await openProof(createCipher, handshakeKeys.client, th1, decodeClientFinish(m3)),
    );
    requireValid(
      (await pointThumbprint(proof.key)) === caller.cnf.jkt,
      'the grant is for another key',
    );
    const clientText = await clientSignedText(th1, m2, dialGrant, bindGrant);
    requireValid(
      await verifyEs256(proof.key, proof.signature, clientText),
      "the client's signature is wrong",
    );
    await checkAssertion(proof.assertion, caller, options);

    const secrets = await handshakeKeys.traffic(m2, m3);
    const [sendKey, receiveKey, resumptionKeys] = await Promise.all([
      TrafficKey.create(secrets.hostToClient, createCipher),
      TrafficKey.create(secrets.clientToHost, createCipher),
      ResumptionKeys.create(secrets.resumption),
    ]);
    const begin = (over: Circuit): Session => {
      const session = new Session({
        circuit: over,
        role: 'host',
        suite: SUITE_1_NAME,
        fingerprint: secrets.fingerprint,
        sendKey,
        receiveKey,
        peer: caller,
        assertion: proof.assertion === '' ? undefined : proof.assertion,
        auth: {
          claims: caller,
          options: {
            time,
            ...(authDueMs === undefined ? {} : { dueMs: authDueMs }),
            async verify(renewedGrant, assertion) {
              const claims = await checkDialGrant(renewedGrant, options);
              requireValid(claims.via === caller.via, 'the grant is for another origin');
              await checkAssertion(assertion, claims, options);
              return claims;
            },
          },
        },
        limits,
        clock,
      });
      session.onStream = (stream) => options.onStream(stream, session);
      return session;
    };
    const scope = { serviceId, callerId: caller.sub };
    const { session } = link.handOver(
      () => {
        if (!resumptions) {
          const only = begin(circuit);
          return { session: only, receiver: only };
        }
        const begun = resumptions.begin(circuit, resumptionKeys, scope, begin);
        return { session: begun.session, receiver: begun.circuit };
      },
      ({ receiver }, message) => receiver.receive(message),
    );
    return session;
  });
}

function checkDialGrant(
  dialGrant: string,
  { keys, time, serviceId, hostId, callerId }: AcceptSecureOptions,
): Promise<DialGrantClaims> {
  return verifyDialGrant(dialGrant, {
    keys,
    time: time(),
    serviceId,
    hostId,
    ...(callerId === undefined ? {} : { identityId: callerId }),
  });
}

/** An assertion is the caller's own or none. */
async function checkAssertion(
  assertion: string,
  caller: DialGrantClaims,
  { keys, time, assertionAudience }: AcceptSecureOptions,
): Promise<void> {
  if (assertion === '') return;
  const claims = await verifyAssertion(assertion, {
    keys,
    nowMs: time().nowMs,
    audience: assertionAudience,
    identityId: caller.sub,
  });
  requireValid(claims.sid === caller.sid, 'the assertion is of another sign-in');
}
