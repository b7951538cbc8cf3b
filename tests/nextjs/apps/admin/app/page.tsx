import Image from 'next/image';
import Link from 'next/link';
import { Counter } from '@example/shared/counter';
import gradient from './gradient.png';

export default function Admin() {
  return (
    <>
      <h1>Admin app</h1>
      <img src="/admin/logo.svg" alt="logo" width={120} height={40} />
      <Image src={gradient} alt="gradient" priority />
      <Counter />
      <ul>
        <li><Link href="/users/1">User 1</Link></li>
        <li><Link href="/notes">Notes</Link></li>
      </ul>
    </>
  );
}
