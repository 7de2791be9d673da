/** A router or connector at the control listener: real TLS, the protocol's own client. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import * as x509 from '@postern/node/x509';
import { FrameSplitter } from '@postern/shared/protocol/channel';
import { ControlConnection } from '@postern/shared/protocol/control';
import {
  CONTROL_ALPN,
  type CertificateIssued,
  type CloseCircuit,
  type Delta,
  type HostRevocation,
  type HostState,
  type RenewCertificate,
  type Snapshot,
} from '@postern/shared/schemas';
import type { Pki } from '../../controller/src/pki/pki.ts';
import {
  generateKeyPair,
  pkiCrypto,
  privateKeyToPem,
} from '../../controller/src/pki/certificates.ts';

export interface PeerCredential {
  readonly certPem: string;
  readonly keyPem: string;
  readonly fingerprint: string;
}

/** Makes a key and has the PKI sign it, as enrollment does. */
export async function issueCredential(
  pki: Pki,
  role: 'router' | 'identity',
  id: string,
): Promise<PeerCredential> {
  const keys = await generateKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: `CN=${id}`,
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    },
    pkiCrypto,
  );
  const csr = request.toString('pem');
  const { chainPem, fingerprint } =
    role === 'router'
      ? (await pki.issueRouter(csr, csr, id)).client
      : await pki.issueIdentity(csr, id);
  return { certPem: chainPem, keyPem: await privateKeyToPem(keys.privateKey), fingerprint };
}

interface Messages {
  snapshot: Snapshot;
  delta: Delta;
  closeCircuit: CloseCircuit;
  hostState: HostState;
  hostRevocation: HostRevocation;
  renewCertificate: RenewCertificate;
  certificateIssued: CertificateIssued;
}
interface Received {
  readonly type: keyof Messages;
  readonly value: Messages[keyof Messages];
}

export class ControlPeer {
  readonly connection: ControlConnection;
  readonly #socket: TLSSocket;
  readonly #received: Received[] = [];
  #waiting: (() => void) | undefined;

  private constructor(socket: TLSSocket, ownId: string) {
    this.#socket = socket;
    const take =
      <T extends keyof Messages>(type: T) =>
      (value: Messages[T]) => {
        this.#received.push({ type, value });
        this.#waiting?.();
      };
    this.connection = new ControlConnection({
      pipe: {
        send: (frame) => void socket.write(frame),
        get bufferedBytes() {
          return socket.writableLength;
        },
        close: () => socket.destroy(),
      },
      ownId,
      onSnapshot: take('snapshot'),
      onDelta: take('delta'),
      onCloseCircuit: take('closeCircuit'),
      onHostState: take('hostState'),
      onHostRevocation: take('hostRevocation'),
      onRenewCertificate: () => take('renewCertificate')({}),
      onCertificateIssued: take('certificateIssued'),
    });
    const splitter = new FrameSplitter(this.connection.limits, (frame) => {
      this.connection.receive(frame);
      splitter.limits = this.connection.limits;
    });
    socket.on('data', (chunk: Buffer) => splitter.push(chunk));
    socket.on('close', () =>
      this.connection.pipeClosed({ code: 'ERR_CONTROL_CLOSED', message: '', retryable: true }),
    );
    socket.on('error', () => undefined);
  }

  /** Resolves once the controller answered the Hello; rejects when it refuses. */
  static async connect(
    { port, ca }: { port: number; ca: string },
    credential: PeerCredential | undefined,
    ownId: string,
    alpn: string = CONTROL_ALPN,
  ): Promise<ControlPeer> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca,
      servername: 'localhost',
      ALPNProtocols: [alpn],
      ...(credential && { cert: credential.certPem, key: credential.keyPem }),
    });
    await once(socket, 'secureConnect');
    const peer = new ControlPeer(socket, ownId);
    await peer.connection.opened;
    return peer;
  }

  /** The next message of this type; others before it are dropped. */
  async next<T extends keyof Messages>(type: T): Promise<Messages[T]> {
    for (;;) {
      const found = this.#received.shift();
      if (found?.type === type) return found.value as Messages[T];
      if (!found) {
        await Promise.race([
          new Promise<void>((resolve) => (this.#waiting = resolve)),
          this.connection.closed.then(({ code, message }) => {
            throw new Error(`the connection closed: ${code} ${message}`);
          }),
        ]);
      }
    }
  }

  /** Reads messages until one of this type fulfils the predicate. */
  async until<T extends keyof Messages>(
    type: T,
    fulfils: (value: Messages[T]) => boolean,
  ): Promise<Messages[T]> {
    for (;;) {
      const value = await this.next(type);
      if (fulfils(value)) return value;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
