import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { Shell } from '@example/shared/shell';

export const metadata: Metadata = { title: 'oauth' };

export default function Layout({ children }: { children: ReactNode }) {
  return <Shell app="oauth">{children}</Shell>;
}
