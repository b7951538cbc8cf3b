import type { NextRequest } from 'next/server';

/** A body of the asked size whose content is a function of the position, so that any loss or mix-up shows in its hash. */
export function GET(request: NextRequest) {
  const size = Number(request.nextUrl.searchParams.get('bytes') ?? 8 * 1024 * 1024);
  const body = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    body[i] = (i * 31 + (i >> 8) * 17) & 0xff;
  }
  return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
}

/** Answers how many bytes of an upload arrived. */
export async function POST(request: NextRequest) {
  let size = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.length;
  }
  return Response.json({ size });
}
