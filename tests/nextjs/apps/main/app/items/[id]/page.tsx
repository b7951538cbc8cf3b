import { notFound } from 'next/navigation';

export default async function Item({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!/^\d+$/.test(id)) {
    notFound();
  }
  return <h1>Item {id}</h1>;
}
