/**
 * Imported before any schema: zod would try to compile schemas by `new Function`, which the page's
 * policy rightly forbids and reports.
 */
import { z } from 'zod';

z.config({ jitless: true });
