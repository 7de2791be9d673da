export { readIfPresent, writeDurably } from './durable-file.ts';
