/** Every page and its address. Pages are fetched when first opened. */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import type { Chosen } from '../access/advisor-page.tsx';
import { messageOf } from '../api/api-error.ts';
import { ListPage, type ListParameters } from '../entities/list-page.tsx';
import { OverviewPage } from '../overview/overview-page.tsx';
import { Notice } from '../ui/notice.tsx';
import { words } from '../words/index.ts';
import { Shell } from './shell.tsx';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Notice tone="bad">{words.shell.notFound}</Notice>,
  errorComponent: ({ error }) => (
    <Notice tone="bad">
      {words.shell.failed} {messageOf(error)}
    </Notice>
  ),
});
const listParameters = (search: Record<string, unknown>): ListParameters => ({
  ...(typeof search['q'] === 'string' && { q: search['q'] }),
  ...(typeof search['sort'] === 'string' && { sort: search['sort'] }),
  ...(search['expression'] === true && { expression: true }),
});
const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
  createRoute({
    getParentRoute: () => root,
    path: '/protect',
    component: lazyRouteComponent(() => import('../wizard/wizard-page.tsx'), 'WizardPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests',
    component: lazyRouteComponent(() => import('../access/requests-page.tsx'), 'RequestsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/advisor',
    validateSearch: (search): Chosen => ({
      ...(text(search['identity']) !== undefined && { identity: text(search['identity']) ?? '' }),
      ...(text(search['service']) !== undefined && { service: text(search['service']) ?? '' }),
    }),
    component: lazyRouteComponent(() => import('../access/advisor-page.tsx'), 'AdvisorPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/simulation',
    component: lazyRouteComponent(() => import('../access/simulation-page.tsx'), 'SimulationPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/map',
    component: lazyRouteComponent(() => import('../network/map-page.tsx'), 'MapPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: listParameters,
    component: lazyRouteComponent(() => import('../audit/audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit/$id',
    component: lazyRouteComponent(() => import('../audit/record-page.tsx'), 'RecordPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/events',
    component: lazyRouteComponent(() => import('../live/events-page.tsx'), 'EventsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/$kind',
    validateSearch: listParameters,
    component: ListPage,
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/$kind/new',
    component: lazyRouteComponent(() => import('../entities/new-page.tsx'), 'NewPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/$kind/$id',
    component: lazyRouteComponent(() => import('../entities/entity-page.tsx'), 'EntityPage'),
  }),
]);

/** Addresses are fragments: the console works below any path, from any server of files. */
export const createConsoleRouter = () =>
  createRouter({
    routeTree: tree,
    history: createHashHistory(),
    defaultNotFoundComponent: () => <Notice tone="bad">{words.shell.notFound}</Notice>,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
