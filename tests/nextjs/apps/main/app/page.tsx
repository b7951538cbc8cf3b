import Image from 'next/image';
import Link from 'next/link';
import { Counter } from '@example/shared/counter';
import gradient from './gradient.png';

export default function Home() {
  return (
    <>
      <h1>Main app</h1>
      <img src="/logo.svg" alt="logo" width={120} height={40} />
      <Image src={gradient} alt="gradient" priority />
      <Counter />
      <ul>
        <li><Link href="/about">About</Link></li>
        <li><Link href="/items/1">Item 1</Link></li>
        <li><Link href="/stream" prefetch={false}>Stream</Link></li>
      </ul>
    </>
  );
}
