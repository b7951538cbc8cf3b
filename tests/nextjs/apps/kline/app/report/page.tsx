import { setTimeout } from 'node:timers/promises';

export const dynamic = 'force-dynamic';

/** With loading.tsx beside it, Next.js streams the frame first. */
export default async function Report() {
  await setTimeout(1000);
  return <h1 id="slow">Report ready</h1>;
}
