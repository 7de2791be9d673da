/** What answers requests for the application: itself, or its own worker. */

/** Of a `fetch` event. */
export interface FetchIds {
  clientId: string;
  resultingClientId: string;
}

export interface AppResponder {
  /** Rejects with the reason when there is no answer of the application. */
  respond(request: Request, ids: FetchIds): Promise<Response>;
  /** Answers below our own paths; `undefined` for what is not of this part. */
  respondOwn(url: URL): Promise<Response> | undefined;
}
