// The service of proto/echo.proto. Prints the ports it listens on as one line of JSON.
import { readFileSync } from "node:fs";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { load } from "./service.js";

const { Echo } = load();

// Goes back as it came: one field ahead of the messages, one behind them.
function echoMetadata(call) {
  const leading = new Metadata();
  const trailing = new Metadata();
  for (const value of call.metadata.get("x-echo-initial")) leading.add("x-echo-initial", value);
  for (const value of call.metadata.get("x-echo-trailing-bin")) trailing.add("x-echo-trailing-bin", value);
  if (leading.get("x-echo-initial").length > 0) call.sendMetadata(leading);
  return trailing;
}

const failure = (s, trailing) => ({ code: s.code, details: s.message, metadata: trailing });
const bytes = (size) => Buffer.alloc(size);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let cancelled = 0;

const methods = {
  Empty: (call, done) => done(null, {}, echoMetadata(call)),
  Unary: (call, done) => {
    const trailing = echoMetadata(call);
    call.on("cancelled", () => cancelled++);
    const { status: wanted, responseSize, name } = call.request;
    if (name === "cancelled") return done(null, { name: String(cancelled) }, trailing);
    if (name === "sleep") return;
    if (wanted?.code) return done(failure(wanted, trailing));
    done(null, { payload: bytes(responseSize), name }, trailing);
  },
  StreamIn: (call, done) => {
    let size = 0;
    call.on("data", (message) => (size += message.payload.length));
    call.on("cancelled", () => cancelled++);
    call.on("end", () => done(null, { size }));
  },
  StreamOut: async (call) => {
    const trailing = echoMetadata(call);
    call.on("cancelled", () => cancelled++);
    for (const part of call.request.parts) {
      if (part.delay) await pause(part.delay);
      call.write({ payload: bytes(part.size) });
    }
    if (call.request.status?.code) return call.emit("error", failure(call.request.status, trailing));
    call.end(trailing);
  },
  Chat: (call) => {
    const trailing = echoMetadata(call);
    call.on("cancelled", () => cancelled++);
    call.on("data", async (message) => {
      for (const part of message.parts) {
        if (part.delay) await pause(part.delay);
        call.write({ payload: bytes(part.size) });
      }
      if (message.status?.code) call.emit("error", failure(message.status, trailing));
    });
    call.on("end", () => call.end(trailing));
  },
};

function listen(credentials) {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(Echo.service, methods);
  return new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port))));
}

const [cert, key] = process.argv.slice(2);
const ports = { plain: await listen(ServerCredentials.createInsecure()) };
if (cert) {
  ports.tls = await listen(ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(cert), private_key: readFileSync(key) }]));
}

console.log(JSON.stringify(ports));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
