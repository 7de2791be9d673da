import { it } from 'vitest';
import { FigureTable } from './figures.ts';
import { measureRouters } from './measure-routers.ts';
it('routers', async () => { const t = new FigureTable(); await measureRouters(t); process.stdout.write(t.toString()+'\n'); });
