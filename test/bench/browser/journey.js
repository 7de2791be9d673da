// One stop of a journey that a plainly started browser makes by itself: it measures what its path says,
// posts that to /report and goes on to the next stop, which the address carries.
const parameters = new URLSearchParams(location.search);
const stops = JSON.parse(parameters.get('stops') ?? '[]');
const ECHOES = 10_000;

const measures = {
  '/paint': async () => ({
    firstPaintMs: performance.timeOrigin + (await firstPaint()) - Number(parameters.get('leftAt')),
  }),
  '/hundred': async () => ({ hundredMs: await loaded() }),
  '/echo': async () => ({ echoMs: await echoes() }),
};

try {
  const { pathname } = location;
  // Lets the browser come to rest after its own start.
  if (pathname === '/start') await new Promise((resolve) => setTimeout(resolve, 2_000));
  else await report({ mode: parameters.get('mode'), ...(await measures[pathname]()) });
  goOn();
} catch (error) {
  await report({ mode: parameters.get('mode'), error: `${location.pathname}: ${error}` });
}

function goOn() {
  const [next, ...rest] = stops;
  if (next === undefined) return;
  const url = new URL(next);
  url.searchParams.set('stops', JSON.stringify(rest));
  // Clocks of two origins of one browser agree, those of their performance.now() do not.
  url.searchParams.set('leftAt', String(performance.timeOrigin + performance.now()));
  location.href = url.href;
}

function firstPaint() {
  return new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      const [entry] = list.getEntriesByName('first-contentful-paint');
      if (entry === undefined) return;
      observer.disconnect();
      resolve(entry.startTime);
    }).observe({ type: 'paint', buffered: true });
  });
}

async function loaded() {
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => addEventListener('load', resolve));
  }
  const images = [...document.images];
  if (images.length !== 100 || images.some((image) => image.naturalWidth === 0)) {
    throw new Error('an image is missing');
  }
  return performance.getEntriesByType('navigation')[0].loadEventStart;
}

async function echoes() {
  const socket = new WebSocket(new URL('/echo', location.href.replace(/^http/, 'ws')));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the WebSocket failed'));
  });
  const start = performance.now();
  let next = 0;
  const done = new Promise((resolve, reject) => {
    socket.onclose = () => reject(new Error('the WebSocket closed'));
    socket.onmessage = ({ data }) => {
      if (data !== `message ${next}`) reject(new Error(`got ${data}, not message ${next}`));
      if (++next === ECHOES) resolve();
    };
  });
  for (let i = 0; i < ECHOES; i++) socket.send(`message ${i}`);
  await done;
  return performance.now() - start;
}

function report(result) {
  return fetch('/report', { method: 'POST', body: JSON.stringify(result) });
}
