import { cookies } from 'next/headers';

export default async function Profile() {
  const user = (await cookies()).get('session')?.value;
  return <h1>Profile of {user}</h1>;
}
