'use client';

import { useEffect, useState } from 'react';

/** Shows the server-sent ticks as they arrive. */
export function Ticks() {
  const [ticks, setTicks] = useState<string[]>([]);
  useEffect(() => {
    const source = new EventSource('/kline/api/ticks/');
    source.onmessage = (event) => setTicks((before) => [...before, event.data]);
    source.addEventListener('end', () => source.close());
    return () => source.close();
  }, []);
  return <ol id="ticks">{ticks.map((tick) => <li key={tick}>{tick}</li>)}</ol>;
}
