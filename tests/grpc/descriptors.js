// Writes the descriptor set of proto/echo.proto, as protoc would: node descriptors.js <file>
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";

const root = protobuf.loadSync(fileURLToPath(new URL("./proto/echo.proto", import.meta.url)));
root.resolveAll();
writeFileSync(process.argv[2], descriptor.FileDescriptorSet.encode(root.toDescriptor("proto3")).finish());
