import Link from 'next/link';

export default async function Symbol({ params }: { params: Promise<{ symbol: string }> }) {
  return (
    <>
      <h1>Symbol {(await params).symbol}</h1>
      <Link href="/">Back</Link>
    </>
  );
}
