/** Circuits of OpenZiti's SDKs to services of ours whose operator lets them: raw bytes, no streams within. */
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { Circuit, CloseReason, DialInfo } from '@postern/shared/protocol/edge';
import { zitiKeys, type ZitiKeyPair } from '@postern/shared/protocol/ziti';
import type { HostRevocation } from '@postern/shared/schemas';
import type { TcpTarget } from '../target.ts';
import { serveZiti } from './serve-ziti.ts';

export interface ZitiService {
  /**
   * Where a dial goes.
   * @param appData of the dialer
   * @throws AppError `ERR_DESTINATION_REFUSED`
   */
  targetFor(appData: Uint8Array | undefined): TcpTarget;
  readonly connectMs: number;
}

export class ZitiHost {
  readonly keyPair: ZitiKeyPair;
  readonly #logger: Logger;
  readonly #open = new Map<Circuit, { serviceId: string; callerId: string | undefined }>();

  constructor(keyPair: ZitiKeyPair, logger: Logger) {
    this.keyPair = keyPair;
    this.#logger = logger;
  }

  /** Takes a circuit. @throws AppError `ERR_KEY_EXCHANGE` when the dialer sent no usable key: never plain text */
  accept(serviceId: string, service: ZitiService, circuit: Circuit, info: DialInfo): void {
    const { callerId, dialerKey, appData } = info;
    if (dialerKey === undefined) throw new AppError('ERR_KEY_EXCHANGE', 'the dialer sent no key');
    const target = service.targetFor(appData);
    const keys = zitiKeys('host', this.keyPair, dialerKey);
    const logger = this.#logger.child({ circuitId: info.circuitId, serviceId, callerId });
    this.#open.set(circuit, { serviceId, callerId });
    const { connectMs } = service;
    void serveZiti(circuit, keys, { target, connectMs, logger }).then(() =>
      this.#open.delete(circuit),
    );
  }

  /** Closes what an identity may no longer reach; sessions are the routers' to know. */
  revoke({ serviceId, identityId, sessionId, code }: HostRevocation): void {
    if (sessionId !== undefined) return;
    for (const [circuit, of] of [...this.#open]) {
      if (serviceId !== undefined && serviceId !== of.serviceId) continue;
      if (identityId !== undefined && identityId !== of.callerId) continue;
      circuit.close({ code: code as CloseReason['code'], message: 'revoked', retryable: false });
    }
  }

  close(): void {
    for (const circuit of [...this.#open.keys()]) circuit.close();
  }
}
