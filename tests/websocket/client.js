// What an application does with a WebSocket, against an echo server: node client.js <url>
// Prints one line a case, "ok <case>" or "FAIL <case>: <why>". Exit code: how many failed.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";

const url = process.argv[2];
const sizes = [0, 1, 125, 126, 127, 128, 65535, 65536, 1 << 20];

async function open(options = {}) {
  const socket = new WebSocket(url, "chat", { rejectUnauthorized: false, ...options });
  await once(socket, "open");
  assert.equal(socket.protocol, "chat");
  return socket;
}

async function close(socket) {
  socket.close(1000, "done");
  const [code, reason] = await once(socket, "close");
  assert.deepEqual([code, reason.toString()], [1000, "done"]);
}

async function echo(options, make) {
  const socket = await open(options);
  for (const size of sizes) {
    const sent = make(size);
    const answer = once(socket, "message");
    socket.send(sent);
    const [data, isBinary] = await answer;
    assert.equal(isBinary, typeof sent !== "string");
    assert.equal(Buffer.compare(data, Buffer.from(sent)), 0, `size ${size}`);
  }
  return socket;
}

const cases = {
  text: async () => close(await echo({ perMessageDeflate: false }, (size) => "x".repeat(size))),
  binary: async () => close(await echo({ perMessageDeflate: false }, randomBytes)),

  // Negotiated end to end: the relay knows nothing of it.
  async deflate() {
    const socket = await echo({ perMessageDeflate: { threshold: 0 } }, (size) => "abc".repeat(size / 3 + 1).slice(0, size));
    assert.match(socket.extensions, /permessage-deflate/);
    await close(socket);
  },
  async deflate_without_context() {
    const options = { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true };
    const socket = await echo({ perMessageDeflate: options }, randomBytes);
    assert.match(socket.extensions, /permessage-deflate/);
    await close(socket);
  },

  async ping() {
    const socket = await open();
    for (const payload of ["", "hello", "x".repeat(125)]) {
      const answer = once(socket, "pong");
      socket.ping(payload);
      assert.equal((await answer)[0].toString(), payload);
    }
    await close(socket);
  },

  async close_codes() {
    for (const code of [1000, 1001, 1003, 1007, 1011, 3000, 4999]) {
      const socket = await open();
      socket.close(code, "why");
      const [answered, reason] = await once(socket, "close");
      assert.deepEqual([answered, reason.toString()], [code, "why"]);
    }
  },

  async many_messages_at_once() {
    const socket = await open();
    const got = [];
    const all = new Promise((resolve) => socket.on("message", (data) => got.push(data.length) === 2000 && resolve()));
    for (let i = 0; i < 2000; i++) socket.send(Buffer.alloc(i));
    await all;
    assert.deepEqual(got, Array.from({ length: 2000 }, (_, i) => i));
    await close(socket);
  },

  // Over the server's limit: closed with 1009, and the client learns why.
  async too_large() {
    const socket = await open();
    socket.send(Buffer.alloc((8 << 20) + 1), () => {});
    socket.on("error", () => {});
    const [code] = await new Promise((resolve) => socket.on("close", (...values) => resolve(values)));
    assert.equal(code, 1009);
  },
};

let failed = 0;
for (const name of Object.keys(cases)) {
  let timer;
  const limit = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("took longer than 20 s")), 20_000)));
  try {
    await Promise.race([cases[name](), limit]);
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${String(error.message).replaceAll("\n", " ")}`);
  } finally {
    clearTimeout(timer);
  }
}
process.exit(failed);
