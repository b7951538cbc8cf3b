import Link from 'next/link';
import { Counter } from '@example/shared/counter';
import { Ticks } from './ticks';

export default function Kline() {
  return (
    <>
      <h1>Kline app</h1>
      <img src="/kline/logo.svg" alt="logo" width={120} height={40} />
      <Counter />
      <ul>
        <li><Link href="/symbols/btc/">BTC</Link></li>
        <li><Link href="/report/" prefetch={false}>Report</Link></li>
      </ul>
      {/* Last, for it grows while one may be clicking above. */}
      <Ticks />
    </>
  );
}
