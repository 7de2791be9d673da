/** The demo's identity provider, in this process, with one known person. */
import { silentLogger } from '@postern/shared/log';
import { createDevIdp, devIdpConfigSchema } from '../../cli/src/demo/dev-idp.ts';

export const PERSON = {
  username: 'alice',
  password: 'correct horse',
  name: 'Alice Example',
  email: 'alice@example.com',
};

export const startDevIdp = (clientOrigin: string) =>
  createDevIdp(devIdpConfigSchema.parse({ clientOrigin, users: [PERSON] }), {
    logger: silentLogger,
  });
