import { LANGUAGES, outline } from '@postern/shared/language';
import { expect, it } from 'vitest';
import { gatewayTexts } from './index.ts';

it.each(LANGUAGES)('has in %s exactly the keys and places of English', (language) => {
  expect(outline(gatewayTexts[language])).toEqual(outline(gatewayTexts.en));
});
