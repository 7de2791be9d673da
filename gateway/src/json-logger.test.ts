import { describe, expect, it } from 'vitest';
import { AppError } from '@postern/shared/errors';
import { createJsonLogger } from './json-logger.ts';

describe('createJsonLogger', () => {
  it('writes one object a line, with the fields of its parents', () => {
    const lines: string[] = [];
    const logger = createJsonLogger((line) => lines.push(line)).child({ requestId: 'r' });
    logger.warn('lookup.failed', { error: new AppError('ERR_TEST_FAILED', 'no') });
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'warn',
      event: 'lookup.failed',
      requestId: 'r',
      error: { name: 'AppError', message: 'no', code: 'ERR_TEST_FAILED' },
    });
  });
});
