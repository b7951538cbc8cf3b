export default function Loading() {
  return <p id="waiting">loading report</p>;
}
