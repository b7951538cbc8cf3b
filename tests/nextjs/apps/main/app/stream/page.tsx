import { Suspense } from 'react';
import { setTimeout } from 'node:timers/promises';

export const dynamic = 'force-dynamic';

async function Slow() {
  await setTimeout(1000);
  return <p id="slow">slow part arrived</p>;
}

/** The shell is sent at once, the slow part a second later on the same response. */
export default function Stream() {
  return (
    <>
      <h1 id="shell">shell arrived</h1>
      <Suspense fallback={<p id="waiting">waiting</p>}>
        <Slow />
      </Suspense>
    </>
  );
}
