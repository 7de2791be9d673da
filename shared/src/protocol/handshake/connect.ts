import { decodeJwt } from 'jose';
import { requireValid } from './checks.ts';
import {
  createWebCryptoCipher,
  offerKeyExchange,
  pointFromJwk,
  signEs256,
  verifyEs256,
} from '../../crypto/index.ts';
import { concatBytes } from '../../bytes/index.ts';
import { dialGrantClaimsSchema, verifyBindGrant } from '../../grants/index.ts';
import { systemClock } from '../channel/clock.ts';
import type { Circuit } from '../edge/types.ts';
import {
  HOST_RETURN_MS,
  ResumableCircuit,
  ResumeClient,
  ResumptionKeys,
  SOLE_HOST_RETURN_MS,
} from '../resume/index.ts';
import { Session, TrafficKey, type SecureSession } from '../session/index.ts';
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
  HOST_HELLO_BYTES,
  SUITE_1,
  SUITE_1_NAME,
  decodeHostHello,
  decodeHostProof,
  encodeClientHello,
  encodeClientProof,
} from './messages.ts';
import type { ConnectSecureOptions } from './options.ts';

/**
 * The dialer's side: proves the app key, and that the other end is a host the controller permitted for
 * this service. Resolves to a session ready for streams. Throws `ERR_HANDSHAKE_FAILED` (the cause
 * inside, the circuit closed), or the circuit's own code if that ended first.
 */
export async function connectSecure(options: ConnectSecureOptions): Promise<SecureSession> {
  const { circuit, serviceId, dialGrant, key, keys, limits, signal } = options;
  const clock = options.clock ?? systemClock;
  const createCipher = options.createCipher ?? createWebCryptoCipher;
  const time = options.time ?? (() => ({ nowMs: clock.nowMs(), connected: false }));
  const timeoutMs = options.timeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;

  return runHandshake({ circuit, clock, timeoutMs, signal }, async (link) => {
    const { hosts } = dialGrantClaimsSchema.parse(decodeJwt(dialGrant));
    const offer = await offerKeyExchange(options.random);
    const suites = [SUITE_1];
    const { share, kemKey } = offer;
    const m1 = encodeClientHello({ version: HANDSHAKE_VERSION, suites, share, kemKey, dialGrant });
    link.send(m1);

    const m2 = await link.receive();
    const hello = decodeHostHello(m2);
    requireValid(suites.includes(hello.suite), 'the host chose a suite that was not offered');
    const th1 = await transcriptHash(m1, m2.subarray(0, HOST_HELLO_BYTES), circuit.circuitId);
    const handshakeKeys = await deriveKeys(th1, offer.complete(hello.share, hello.kemCiphertext));
    const proof = decodeHostProof(
      await openProof(createCipher, handshakeKeys.host, th1, hello.sealedProof),
    );
    const { bindGrant } = proof;
    const host = await verifyBindGrant(bindGrant, { keys, time: time(), serviceId, hosts });
    const hostText = await hostSignedText(th1, dialGrant, bindGrant);
    requireValid(
      await verifyEs256(pointFromJwk(host.cnf.jwk), proof.signature, hostText),
      "the host's signature is wrong",
    );

    const clientText = await clientSignedText(th1, m2, dialGrant, bindGrant);
    const clientProof = encodeClientProof({
      key: key.publicPoint,
      signature: await signEs256(key.privateKey, clientText),
      assertion: options.assertion,
    });
    const sealed = await sealProof(createCipher, handshakeKeys.client, th1, clientProof);
    const m3 = concatBytes(Uint8Array.of(3), sealed);
    const secrets = await handshakeKeys.traffic(m2, m3);
    const [sendKey, receiveKey, resumptionKeys] = await Promise.all([
      TrafficKey.create(secrets.clientToHost, createCipher),
      TrafficKey.create(secrets.hostToClient, createCipher),
      ResumptionKeys.create(secrets.resumption),
    ]);
    const { session } = link.handOver(
      () => {
        link.send(m3);
        const lasting = outliving(circuit, resumptionKeys, host.sub, hosts, options);
        const opened = new Session({
          circuit: lasting ?? circuit,
          role: 'opener',
          suite: SUITE_1_NAME,
          fingerprint: secrets.fingerprint,
          sendKey,
          receiveKey,
          peer: host,
          limits,
          clock,
        });
        return { session: opened, receiver: lasting ?? opened };
      },
      ({ receiver }, message) => receiver.receive(message),
    );
    return session;
  });
}

/** The circuit as one that survives its own loss, if the caller can redial. */
function outliving(
  circuit: Circuit,
  keys: ResumptionKeys,
  hostId: string,
  hosts: readonly string[],
  { resume, clock }: ConnectSecureOptions,
): ResumableCircuit | undefined {
  if (resume === undefined) return undefined;
  const { redial, graceMs, logger } = resume;
  const client = new ResumeClient({
    keys,
    redial: (signal) => redial(hostId, signal),
    hostReturnMs: hosts.length > 1 ? HOST_RETURN_MS : SOLE_HOST_RETURN_MS,
    ...(graceMs !== undefined && { graceMs }),
    ...(clock && { clock }),
    ...(logger && { logger }),
  });
  const lasting: ResumableCircuit = new ResumableCircuit(circuit, {
    onSuspended: (loss) => void client.resume(lasting, loss),
  });
  return lasting;
}
