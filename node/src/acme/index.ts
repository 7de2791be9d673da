export { AcmeCertificates } from './acme-certificates.ts';
export { acmeCertificateFile } from './acme-store.ts';
export { acmeTlsOptions, keepInCertificates } from './serve-acme.ts';
