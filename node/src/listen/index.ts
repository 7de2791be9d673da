export { listen, type Listener } from './listen.ts';
