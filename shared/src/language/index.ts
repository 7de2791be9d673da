export { fill, outline, type Catalogue } from './catalogue.ts';
export { chooseLanguage, LANGUAGES, parseAcceptLanguage, type Language } from './choose.ts';
export { reasonWords, type ProblemWords } from './reason-words.ts';
