import { useState } from 'react';

export interface Attempt {
  readonly error: unknown;
  readonly isBusy: boolean;
  /** Does nothing while an earlier attempt is under way. */
  readonly attempt: () => void;
}

/** Something a form does: at most once at a time, with its error. */
export function useAttempt(act: () => Promise<void>): Attempt {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const attempt = () => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    act()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { error, isBusy, attempt };
}
