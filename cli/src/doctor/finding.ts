/** What `postern doctor` found about one thing. */
export interface Finding {
  check:
    | 'configuration'
    | 'files'
    | 'disk'
    | 'names'
    | 'ports'
    | 'certificate'
    | 'controller'
    | 'clock'
    | 'identity'
    | 'app'
    | 'sign-in';
  status: 'ok' | 'warning' | 'failed';
  /** The file, host, address or URL. */
  subject: string;
  message: string;
  /** What to do about it; absent when all is well. */
  action?: string;
}

export type Check = () => Promise<Finding | Finding[]>;

/** The code that Node and the system give an error, or its message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, cause } = error as NodeJS.ErrnoException;
  if (code === undefined && cause instanceof Error) return reasonOf(cause);
  return code ?? error.message;
}
