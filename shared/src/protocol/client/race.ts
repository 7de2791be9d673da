/** Happy eyeballs over routers: all offered ones are tried at once, the quickest is kept. */
import { AppError, isAppError } from '../../errors/index.ts';

/** Routers tried at once; the next ones follow only if all of these fail. */
export const MAX_RACERS = 4;

/**
 * The first attempt that succeeds; the others are told to stop through their signal. When all fail:
 * the first refusal that trying again cannot change, otherwise `ERR_NO_ROUTER`.
 */
export async function raceRouters<Candidate, Result>(
  candidates: readonly Candidate[],
  attempt: (candidate: Candidate, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const failures: unknown[] = [];
  for (let from = 0; from < candidates.length; from += MAX_RACERS) {
    const race = new AbortController();
    try {
      return await Promise.any(
        candidates
          .slice(from, from + MAX_RACERS)
          .map((candidate) => attempt(candidate, race.signal)),
      );
    } catch (error) {
      if (error instanceof AggregateError) failures.push(...(error.errors as unknown[]));
      else throw error;
    } finally {
      race.abort();
    }
  }
  const refusal = failures.find((error) => isAppError(error) && !error.retryable);
  if (refusal instanceof Error) throw refusal;
  throw new AppError('ERR_NO_ROUTER', `none of ${candidates.length} routers could be reached`, {
    cause: failures[0],
    retryable: true,
  });
}
