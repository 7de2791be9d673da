/** Identity files in the JSON shape of OpenZiti's SDKs and tunnelers, which the connector reads too. */
import { writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { readFileBounded } from '../terminal/read-value.ts';

const pem = z
  .string()
  .startsWith('pem:')
  .transform((text) => text.slice(4));
const schema = z.object({
  ztAPI: z.string(),
  id: z.object({ key: pem, cert: pem, ca: pem }),
});

/** PEM texts, private key included. */
export interface IdentityFile {
  /** Base URL of the Client API. */
  apiUrl: string;
  key: string;
  cert: string;
  ca: string;
  /** `tls:host:port` of the control listeners, which connectors need. */
  controlAddresses?: readonly string[];
}

/** @throws AppError `ERR_CLI_INPUT` */
export async function readIdentityFile(path: string): Promise<IdentityFile> {
  const text = await readFileBounded(path);
  try {
    const { ztAPI, id } = schema.parse(JSON.parse(text));
    return { apiUrl: ztAPI, ...id };
  } catch (cause) {
    throw new AppError(
      'ERR_CLI_INPUT',
      `${path} is no identity file: "postern edge enroll" writes one`,
      { cause },
    );
  }
}

/** Writes whole or not at all, mode 0600. */
export async function writeIdentityFile(
  path: string,
  { apiUrl, key, cert, ca, controlAddresses = [] }: IdentityFile,
): Promise<void> {
  const file = {
    ztAPI: apiUrl,
    ztAPIs: [apiUrl],
    configTypes: null,
    id: { key: `pem:${key}`, cert: `pem:${cert}`, ca: `pem:${ca}` },
    enableHa: false,
    posternControl: controlAddresses,
  };
  await writeDurably(path, `${JSON.stringify(file, null, 2)}\n`);
}
