import { AppError } from '../../errors/index.ts';

/** Throws `ERR_HANDSHAKE_CHECK` with `why` unless the condition holds. */
export function requireValid(condition: boolean, why: string): void {
  if (!condition) throw new AppError('ERR_HANDSHAKE_CHECK', why);
}
