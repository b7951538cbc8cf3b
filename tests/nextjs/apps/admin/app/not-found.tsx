export default function NotFound() {
  return <h1>Not found in admin</h1>;
}
