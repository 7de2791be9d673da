export * from './branding.ts';
export { contrastRatio, parseColor } from './color.ts';
export { findIllegible, MIN_CONTRAST, type Illegible } from './legibility.ts';
export { logoFault, MAX_LOGO_BYTES } from './logo.ts';
