/** What the gateway wrote into this document for the application at hand. */
import type { Branding } from '@postern/shared/branding';

export interface DocumentFacts {
  /** The application's name, if the gateway told it. */
  application: string | undefined;
  branding: Branding;
}

/** Reads `<meta name="postern-application" content="<JSON>">`. Missing or malformed: nothing is known. */
export function readDocumentFacts(page: Document): DocumentFacts {
  const content = page.querySelector<HTMLMetaElement>('meta[name="postern-application"]')?.content;
  try {
    const { name, branding } = JSON.parse(content ?? '{}') as {
      name?: string;
      branding?: Branding;
    };
    return { application: name, branding: branding ?? {} };
  } catch {
    return { application: undefined, branding: {} };
  }
}
