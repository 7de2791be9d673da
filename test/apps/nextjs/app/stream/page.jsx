import { Suspense } from 'react';

export const dynamic = 'force-dynamic';

async function Slow({ afterMs, name }) {
  await new Promise((done) => setTimeout(done, afterMs));
  return <p id={name}>{name} is here</p>;
}

export default function Stream() {
  return (
    <>
      <h1>Stream</h1>
      <Suspense fallback={<p id="waiting-first">first is coming</p>}>
        <Slow afterMs={300} name="first" />
      </Suspense>
      <Suspense fallback={<p id="waiting-second">second is coming</p>}>
        <Slow afterMs={1200} name="second" />
      </Suspense>
    </>
  );
}
