import { cookies } from 'next/headers';
import Link from 'next/link';

/** The session cookie was set by the oauth app: behind one origin the apps share it. */
export default async function User({ params }: { params: Promise<{ id: string }> }) {
  const session = (await cookies()).get('session')?.value ?? 'nobody';
  return (
    <>
      <h1>User {(await params).id}</h1>
      <p id="session">seen by {session}</p>
      <Link href="/">Back</Link>
    </>
  );
}
