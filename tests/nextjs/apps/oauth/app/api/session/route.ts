import { cookies } from 'next/headers';

export async function GET() {
  const session = (await cookies()).get('session')?.value ?? null;
  return Response.json({ session });
}

export async function POST(request: Request) {
  const { user } = await request.json();
  (await cookies()).set('session', user, { httpOnly: true, path: '/', sameSite: 'lax' });
  return Response.json({ session: user }, { status: 201 });
}

export async function DELETE() {
  (await cookies()).delete('session');
  return new Response(null, { status: 204 });
}
