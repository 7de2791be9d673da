// The same suite once more inside workerd.
import './app.test.ts';
import './application-lookup.test.ts';
import './worker.test.ts';
