// Examples of htmx.org/examples on one server: click to edit, delete row, active search, infinite
// scroll, inline validation, and the server-sent events extension.
import { createRequire } from 'node:module';
import express from 'express';
import { page, contactCard, contactForm, row } from './fragments.mjs';

const require = createRequire(import.meta.url);
const app = express();
const contacts = new Map();
const tables = new Map();

app.use(express.urlencoded({ extended: false }));
app.get('/htmx.js', (_, response) =>
  response.sendFile(require.resolve('htmx.org/dist/htmx.min.js')),
);
app.get('/sse.js', (_, response) =>
  response.sendFile(require.resolve('htmx-ext-sse/dist/sse.min.js')),
);
app.get('/', (_, response) => response.send(page('')));
app.get('/for/:tag', ({ params: { tag } }, response) => {
  contacts.set(tag, { firstName: 'Joe', email: 'joe@example.org' });
  tables.set(tag, new Set([1, 2, 3]));
  response.send(page(tag));
});

app.get('/contact/:tag', ({ params: { tag } }, response) =>
  response.send(contactCard(tag, contacts.get(tag))),
);
app.get('/contact/:tag/edit', ({ params: { tag } }, response) =>
  response.send(contactForm(tag, contacts.get(tag))),
);
app.put('/contact/:tag', ({ params: { tag }, body }, response) => {
  contacts.set(tag, body);
  response.send(contactCard(tag, body));
});

// Rows alone: a parser that took them for a document would drop their tags.
app.get('/rows/:tag', ({ params: { tag } }, response) =>
  response.send([...tables.get(tag)].map((n) => row(tag, n)).join('')),
);
app.delete('/rows/:tag/:n', ({ params: { tag, n } }, response) => {
  tables.get(tag).delete(Number(n));
  response.send('');
});

const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
app.post('/search', ({ body }, response) => {
  const found = words.filter((word) => word.includes(body.search));
  response.send(found.map((word) => `<tr><td>${word}</td></tr>`).join(''));
});

app.get('/more/:n', ({ params }, response) => {
  const n = Number(params.n);
  const next = n < 3 ? ` hx-get="/more/${n + 1}" hx-trigger="revealed" hx-swap="afterend"` : '';
  response.send(`<tr class="more"${next}><td>part ${n}</td></tr>`);
});

app.post('/validate', ({ body }, response) => {
  const problem = body.email.includes('@') ? '' : 'Please give an address with @';
  response.set('HX-Trigger', 'checked');
  response.send(`<span id="problem" hx-swap-oob="true">${problem}</span>`);
});

app.get('/clock', (request, response) => {
  response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let n = 0;
  const timer = setInterval(() => response.write(`event: tick\ndata: <b>tick ${++n}</b>\n\n`), 100);
  request.on('close', () => clearInterval(timer));
});

app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
