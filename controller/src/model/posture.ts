import { defineTable, entityColumns, json, number, strings, text, type RowOf } from './table.ts';

/** A program that must run: by path and, when given, by hash or signer. */
export interface ProcessRule {
  osType: string;
  path: string;
  hashes: string[];
  signerFingerprints: string[];
}

/** What each type of posture check asks for. The first six are OpenZiti's. */
export interface PostureDefinitions {
  OS: { operatingSystems: { type: string; versions: string[] }[] };
  DOMAIN: { domains: string[] };
  /** Lower-case hex without separators. */
  MAC: { macAddresses: string[] };
  PROCESS: { process: ProcessRule };
  PROCESS_MULTI: { semantic: 'AllOf' | 'AnyOf'; processes: ProcessRule[] };
  MFA: {
    /** -1: a code once passed counts as long as the session lives. */
    timeoutSeconds: number;
    promptOnWake: boolean;
    promptOnUnlock: boolean;
    ignoreLegacyEndpoints: boolean;
  };
  BROWSER: { browsers: { name: string; minMajorVersion: number }[] };
  PLATFORM: { platforms: { name: string; minVersion: string }[] };
  NETWORK: { networks: string[] };
  TIME: {
    /** IANA name. */
    timeZone: string;
    /** Days 1 (Monday) to 7; `from` and `to` as `HH:MM`, `to` later, `24:00` the end of the day. */
    windows: { days: number[]; from: string; to: string }[];
  };
  COUNTRY: { countries: string[] };
}
export type PostureTypeId = keyof PostureDefinitions;

export const postureChecks = defineTable('postureChecks', {
  ...entityColumns,
  name: text(),
  typeId: text<PostureTypeId>(),
  roleAttributes: strings(),
  /** 1 at first, one more with each update. */
  version: number(),
  definition: json<PostureDefinitions[PostureTypeId]>(),
});
export type PostureCheck = RowOf<typeof postureChecks>;

/** A check with its definition typed by its type. */
export type TypedPostureCheck = {
  [T in PostureTypeId]: Pick<PostureCheck, 'id' | 'name'> & {
    typeId: T;
    definition: PostureDefinitions[T];
  };
}[PostureTypeId];

/** What sessions reported, and the checks they pass by it (migration 0007). */
export type PostureDatabase = {
  postureStates: {
    sessionId: string;
    identityId: string;
    /** JSON, see `posture/reported.ts`. */
    reported: string;
    /** JSON: `passing` of the entity that routers hold. */
    passing: string;
    updatedAtMs: number;
  };
};
