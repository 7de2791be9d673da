export { isInNetworks, isNetwork } from './networks.ts';
