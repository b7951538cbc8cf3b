const users = [{ id: 1, name: 'Ada' }, { id: 2, name: 'Grace' }];

export function GET() {
  return Response.json(users, { headers: { 'cache-control': 'no-store' } });
}

export async function POST(request: Request) {
  const { name } = await request.json();
  const user = { id: users.length + 1, name };
  return Response.json(user, { status: 201, headers: { location: `/admin/users/${user.id}` } });
}
