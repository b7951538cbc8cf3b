import type { ReactNode } from 'react';

/** The frame of every page. Links to other apps are plain anchors: another app is another document. */
export function Shell({ app, children }: { app: string; children: ReactNode }) {
  return (
    <html lang="en">
      <body style={{ fontFamily: 'system-ui, sans-serif', margin: '2rem' }}>
        <header data-app={app}>
          <strong>{app}</strong>{' '}
          <nav style={{ display: 'inline' }}>
            <a href="/">main</a> <a href="/oauth">oauth</a> <a href="/admin">admin</a> <a href="/kline/">kline</a>
          </nav>
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}
