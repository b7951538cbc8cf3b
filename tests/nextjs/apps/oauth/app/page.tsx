import Link from 'next/link';
import { Counter } from '@example/shared/counter';
import { logIn } from './actions';

export default function LogIn() {
  return (
    <>
      <h1>Log in</h1>
      <img src="/oauth/logo.svg" alt="logo" width={120} height={40} />
      <Counter />
      <form action={logIn}>
        <input name="user" aria-label="user" required />
        <button type="submit">Log in</button>
      </form>
      <Link href="/clients/web">Client web</Link>
    </>
  );
}
