'use client';

import { useState } from 'react';

/** Counts clicks: shows that the page is hydrated, and its state survives client-side navigation in a layout. */
export function Counter() {
  const [count, setCount] = useState(0);
  return (
    <button id="counter" type="button" onClick={() => setCount(count + 1)}>
      clicked {count}
    </button>
  );
}
