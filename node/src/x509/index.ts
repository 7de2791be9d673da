/** @peculiar/x509, after the polyfill its dependency injection needs. */
import 'reflect-metadata';

export * from '@peculiar/x509';
