import { ByteWriter, concatBytes, encodeUtf8 } from '../../bytes/index.ts';
import { createMacKey, type MacKey } from '../../crypto/index.ts';
import { AppError } from '../../errors/index.ts';
import {
  decodeResume,
  decodeResumed,
  encodeResume,
  encodeResumed,
  RESUME_VERSION,
  type ResumeRequest,
} from './messages.ts';

/** What the handshake derives for resuming, besides the secrets of the records. */
export interface ResumptionSecrets {
  /** Names the session to its host; public. 16 bytes. */
  readonly id: Uint8Array;
  /** Key of the client's messages, 32 bytes. */
  readonly client: Uint8Array;
  /** Key of the host's messages, 32 bytes. */
  readonly host: Uint8Array;
}

const RESUME_LABEL = encodeUtf8('postern-resume-v1\0');
const RESUMED_LABEL = encodeUtf8('postern-resumed-v1\0');

/** Makes and checks the two messages of a resumption; the secrets given are overwritten. */
export class ResumptionKeys {
  readonly id: Uint8Array;
  readonly #client: MacKey;
  readonly #host: MacKey;

  private constructor(id: Uint8Array, client: MacKey, host: MacKey) {
    this.id = id;
    this.#client = client;
    this.#host = host;
  }

  static async create({ id, client, host }: ResumptionSecrets): Promise<ResumptionKeys> {
    const keys = await Promise.all([createMacKey(client), createMacKey(host)]);
    client.fill(0);
    host.fill(0);
    return new ResumptionKeys(id, ...keys);
  }

  /** R1. */
  async request(
    { attempt, received }: Pick<ResumeRequest, 'attempt' | 'received'>,
    circuitId: string,
  ): Promise<Uint8Array> {
    const covered = encodeResume({ version: RESUME_VERSION, id: this.id, attempt, received });
    return concatBytes(
      covered,
      await this.#client.sign(RESUME_LABEL, covered, circuitName(circuitId)),
    );
  }

  /** What an R1 says; throws `ERR_RESUME_PROOF` unless the session's client made it for this circuit. */
  async checkRequest(r1: Uint8Array, circuitId: string): Promise<ResumeRequest> {
    const { content, covered, mac } = decodeResume(r1);
    if (!(await this.#client.verify(mac, RESUME_LABEL, covered, circuitName(circuitId)))) {
      throw unproved();
    }
    return content;
  }

  /** R2, which answers this R1 only. */
  async answer(r1: Uint8Array, received: number, circuitId: string): Promise<Uint8Array> {
    const covered = encodeResumed(received);
    const mac = await this.#host.sign(RESUMED_LABEL, r1, covered, circuitName(circuitId));
    return concatBytes(covered, mac);
  }

  /** Records the host has received; throws `ERR_RESUME_PROOF` unless R2 is its answer to R1. */
  async checkAnswer(r2: Uint8Array, r1: Uint8Array, circuitId: string): Promise<number> {
    const { content, covered, mac } = decodeResumed(r2);
    if (!(await this.#host.verify(mac, RESUMED_LABEL, r1, covered, circuitName(circuitId)))) {
      throw unproved();
    }
    return content.received;
  }
}

function circuitName(circuitId: string): Uint8Array {
  const name = encodeUtf8(circuitId);
  return new ByteWriter(2 + name.length).u16(name.length).bytes(name).finish();
}

function unproved(): AppError {
  return new AppError('ERR_RESUME_PROOF', 'the other end did not prove the session’s key');
}
