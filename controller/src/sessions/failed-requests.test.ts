import { describe, expect, it } from 'vitest';
import { createFailedRequests, type FailedServiceRequest } from './failed-requests.ts';

describe('failed requests', () => {
  const failure = (serviceId: string) => ({ serviceId }) as FailedServiceRequest;

  it('are the latest hundred of each identity', () => {
    const requests = createFailedRequests();
    for (let i = 0; i < 150; i += 1) requests.add('alice', failure(`s${i}`));
    const kept = requests.of('alice').map(({ serviceId }) => serviceId);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, 's50', 's149']);
    expect(requests.of('bob')).toEqual([]);
  });

  it('are of a limited number of identities, those that failed last', () => {
    const requests = createFailedRequests();
    for (let i = 0; i <= 1000; i += 1) requests.add(`identity ${i}`, failure('s'));
    expect(requests.of('identity 0')).toEqual([]);
    expect(requests.of('identity 1000')).toHaveLength(1);
  });
});
