/** What the application matrix knows of an application that nobody here wrote. */
import type { FullBrowserKind, TestBrowser, UserPage } from '../harness/browser.ts';

export interface Application {
  /** Its folder, and its host in the demo: lower-case letters, digits and `-`. */
  name: string;
  title: string;
  from: 'npm' | 'PyPI' | 'Debian';
  /** What the script does, in words for the table. */
  task: string;
  /** Where its user begins. Default: `/`. */
  startPath?: string;
  /**
   * Engines in which it works direct but not through the gateway, with the reason, which
   * `docs/browser-support.md` explains. The run fails when it starts working.
   */
  limits?: Partial<Record<FullBrowserKind, string>>;
  /**
   * Puts it in place from its lockfile, pinned requirements or Debian packages; fast when it is there.
   * @throws {NotInstallableError}
   */
  install: () => void;
  /** Starts it on loopback on a free port, with fresh data. */
  start: () => Promise<RunningApplication>;
  /** What a user does with it: the same straight at the application and through the gateway. */
  use: (context: ScriptContext) => Promise<void>;
}

export interface RunningApplication {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  version: string;
  /** Folder of its data, for scripts that look there for what the user did. */
  data: string;
  /** Idempotent; its data are gone afterwards. */
  stop(): Promise<void>;
}

export interface ScriptContext {
  browser: TestBrowser<UserPage>;
  /** Shows the application's `startPath`. */
  page: UserPage;
  /** Where the application is for this user, without a path. */
  origin: string;
  /** Letters and digits that differ in each run, to name what the run makes. */
  tag: string;
  app: RunningApplication;
}

/** The application cannot be put in place here; the message says what is missing. */
export class NotInstallableError extends Error {}
