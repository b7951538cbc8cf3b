import { fileURLToPath } from "node:url";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// The services of proto/echo.proto.
export function load() {
  const file = fileURLToPath(new URL("./proto/echo.proto", import.meta.url));
  return loadPackageDefinition(loadSync(file, { keepCase: false, longs: Number, defaults: true })).filterproxy.test;
}
