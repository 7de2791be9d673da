import { expect, it } from 'vitest';
import { labelOf } from './label.ts';

it.each([
  ['roleAttributes', 'Role attributes'],
  ['isVerified', 'Verified'],
  ['ipAddress', 'IP address'],
  ['externalAuthUrl', 'External auth URL'],
  ['type.name', 'Type name'],
  ['updb', 'User name and password'],
  ['constructor', 'Constructor'],
])('calls %s “%s”', (name, label) => expect(labelOf(name)).toBe(label));
