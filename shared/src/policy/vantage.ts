/** From which session, address and time access is asked for: what posture checks are judged by. */
export interface Vantage {
  /**
   * Sign-in session or API session. Absent: any session of the identity will do, for hosts, which
   * have none of their own, and for overviews.
   */
  readonly sessionId?: string | undefined;
  /** The client's address; `elsewhere` when another part sees it and decides checks of networks. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The {@link Vantage.address} of who does not see the client. */
export const ELSEWHERE = 'elsewhere';
