export { isSibling, siblingSources } from './siblings.ts';
