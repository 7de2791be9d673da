import type { RunningDemo } from '../harness/demo.ts';

/** Lets people reach the first router only and connectors the second: each circuit then has two. */
export async function leadOverTwoRouters(demo: RunningDemo): Promise<void> {
  const { data: policies } = await demo.admin('GET', '/edge-router-policies');
  const { data: routers } = await demo.admin('GET', '/edge-routers');
  const idOf = (name: string) =>
    (routers as { id: string; name: string }[]).find((router) => router.name === name)?.id;
  const allow = async (who: string, router: string) => {
    const { status } = await demo.admin('POST', '/edge-router-policies', {
      name: `${who} use ${router} only`,
      semantic: 'AnyOf',
      identityRoles: [`#${who}`],
      edgeRouterRoles: [`@${idOf(router)}`],
    });
    if (status !== 201) throw new Error(`the policy was answered with ${status}`);
  };
  await allow('staff', 'router-1');
  await allow('connectors', 'router-2');
  for (const { id } of policies as { id: string }[]) {
    await demo.admin('DELETE', `/edge-router-policies/${id}`);
  }
}
