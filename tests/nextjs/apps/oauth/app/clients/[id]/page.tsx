export default async function Client({ params }: { params: Promise<{ id: string }> }) {
  return <h1>Client {(await params).id}</h1>;
}
