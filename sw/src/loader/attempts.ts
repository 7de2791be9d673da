/** Key in `sessionStorage`: each tab counts for itself. */
const KEY = 'postern.loader';
/** So many starts of the loader in {@link WINDOW_MS} are not a person's doing. */
export const MAX_ATTEMPTS = 5;
export const WINDOW_MS = 20_000;

/**
 * Notes one start of the loader in this tab. False when there were so many in a short time that
 * reloading or signing in leads back here each time.
 */
export function noteAttempt(storage: Storage, nowMs: number): boolean {
  const recent = read(storage).filter((time) => time <= nowMs && nowMs - time < WINDOW_MS);
  if (recent.length >= MAX_ATTEMPTS) return false;
  storage.setItem(KEY, JSON.stringify([...recent, nowMs]));
  return true;
}

/** A person asked to try again: count anew. */
export function forgetAttempts(storage: Storage): void {
  storage.removeItem(KEY);
}

/** The application shares this storage, so anything may be there. */
function read(storage: Storage): number[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter((time) => typeof time === 'number') : [];
  } catch {
    return [];
  }
}
