import { setTimeout } from 'node:timers/promises';

export const dynamic = 'force-dynamic';

/** One event every 200 ms, ten in all. `no-transform` keeps compression, which would hold events back, away from the stream. */
export function GET(request: Request) {
  const encoder = new TextEncoder();
  async function* events() {
    for (let i = 0; i < 10 && !request.signal.aborted; i++) {
      yield encoder.encode(`id: ${i}\ndata: tick ${i}\n\n`);
      await setTimeout(200);
    }
    yield encoder.encode('event: end\ndata: end\n\n');
  }
  const source = events();
  const body = new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) {
        controller.close();
      } else {
        controller.enqueue(value);
      }
    },
    cancel: () => void source.return(undefined),
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' },
  });
}
