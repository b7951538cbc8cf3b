// The cases of gRPC's interoperability tests, against the service of proto/echo.proto:
//   node client.js <address> [--ca <file>] [case...]
// Prints one line a case, "ok <case>" or "FAIL <case>: <why>". Exit code: how many failed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Metadata, credentials, status } from "@grpc/grpc-js";
import { load } from "./service.js";

const { Echo, Missing } = load();
const [address, ...rest] = process.argv.slice(2);
const ca = rest[0] === "--ca" ? readFileSync(rest.splice(0, 2)[1]) : null;
const channel = ca ? credentials.createSsl(ca) : credentials.createInsecure();
const options = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1, "grpc.enable_retries": 0 };
if (ca) options["grpc.ssl_target_name_override"] = "localhost";
const client = new Echo(address, channel, options);
const missing = new Missing(address, channel, options);

const sizesOut = [31415, 9, 2653, 58979];
const sizesIn = [27182, 8, 1828, 45904];
const bytes = (size) => Buffer.alloc(size);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A unary call as a promise of { response, leading, status }.
function unary(method, request, metadata = new Metadata(), callOptions = {}) {
  return new Promise((resolve) => {
    const result = { leading: null, trailing: null };
    const call = client[method](request, metadata, callOptions, (error, response) => {
      result.response = response;
      result.error = error;
    });
    call.on("metadata", (m) => (result.leading = m));
    call.on("status", (s) => resolve({ ...result, status: s }));
  });
}

// The messages of a stream, and its status.
function collect(call) {
  const messages = [];
  return new Promise((resolve) => {
    call.on("data", (m) => messages.push(m));
    call.on("error", () => {});
    call.on("status", (s) => resolve({ messages, status: s }));
  });
}

const cases = {
  async empty_unary() {
    const { response, status: s } = await unary("Empty", {});
    assert.equal(s.code, status.OK);
    assert.deepEqual({ ...response }, {});
  },

  async large_unary() {
    const { response, status: s } = await unary("Unary", { responseSize: 314159, payload: bytes(271828) });
    assert.equal(s.code, status.OK);
    assert.equal(response.payload.length, 314159);
  },

  async very_large_unary() {
    const { response } = await unary("Unary", { responseSize: 16 << 20, payload: bytes(16 << 20) });
    assert.equal(response.payload.length, 16 << 20);
  },

  async client_streaming() {
    const total = await new Promise((resolve, reject) => {
      const call = client.StreamIn((error, response) => (error ? reject(error) : resolve(response)));
      for (const size of sizesIn) call.write({ payload: bytes(size) });
      call.end();
    });
    assert.equal(total.size, 74922);
  },

  async server_streaming() {
    const { messages, status: s } = await collect(client.StreamOut({ parts: sizesOut.map((size) => ({ size })) }));
    assert.equal(s.code, status.OK);
    assert.deepEqual(messages.map((m) => m.payload.length), sizesOut);
  },

  // Each answer is waited for before the next question: nothing may gather on the way.
  async ping_pong() {
    const call = client.Chat();
    const got = [];
    let next = 0;
    const ask = () => call.write({ parts: [{ size: sizesOut[next] }], payload: bytes(sizesIn[next++]) });
    await new Promise((resolve, reject) => {
      call.on("data", (m) => {
        got.push(m.payload.length);
        next < sizesOut.length ? ask() : call.end();
      });
      call.on("error", reject);
      call.on("status", (s) => (s.code === status.OK ? resolve() : reject(new Error(s.details))));
      ask();
    });
    assert.deepEqual(got, sizesOut);
  },

  async empty_stream() {
    const call = client.Chat();
    const collected = collect(call);
    call.end();
    const { messages, status: s } = await collected;
    assert.equal(s.code, status.OK);
    assert.equal(messages.length, 0);
  },

  async cancel_after_begin() {
    const code = await new Promise((resolve) => {
      const call = client.StreamIn((error) => resolve(error?.code));
      setTimeout(() => call.cancel(), 50);
    });
    assert.equal(code, status.CANCELLED);
  },

  async cancel_after_first_response() {
    const before = Number((await unary("Unary", { name: "cancelled" })).response.name);
    const call = client.Chat();
    const collected = collect(call);
    call.once("data", () => call.cancel());
    call.write({ parts: [{ size: 31415 }], payload: bytes(27182) });
    const { messages, status: s } = await collected;
    assert.equal(messages.length, 1);
    assert.equal(s.code, status.CANCELLED);

    // The service learns of it.
    for (let i = 0; i < 100; i++) {
      if (Number((await unary("Unary", { name: "cancelled" })).response.name) > before) return;
      await pause(50);
    }
    assert.fail("the service was not told");
  },

  async timeout_on_sleeping_server() {
    const { status: s } = await unary("Unary", { name: "sleep" }, new Metadata(), { deadline: Date.now() + 200 });
    assert.equal(s.code, status.DEADLINE_EXCEEDED);
  },

  async custom_metadata() {
    const metadata = new Metadata();
    const binary = Buffer.from([0xab, 0xab, 0xab, 0x00, 0xff]);
    metadata.set("x-echo-initial", "test_initial_metadata_value");
    metadata.set("x-echo-trailing-bin", binary);
    const one = await unary("Unary", { responseSize: 3 }, metadata);
    assert.deepEqual(one.leading.get("x-echo-initial"), ["test_initial_metadata_value"]);
    assert.deepEqual(one.status.metadata.get("x-echo-trailing-bin"), [binary]);

    const call = client.Chat(metadata);
    const leading = new Promise((resolve) => call.on("metadata", resolve));
    const collected = collect(call);
    call.write({ parts: [{ size: 1 }] });
    call.end();
    assert.deepEqual((await leading).get("x-echo-initial"), ["test_initial_metadata_value"]);
    assert.deepEqual((await collected).status.metadata.get("x-echo-trailing-bin"), [binary]);
  },

  async status_code_and_message() {
    const wanted = { code: status.UNKNOWN, message: "test status message" };
    const { status: s } = await unary("Unary", { status: wanted });
    assert.deepEqual([s.code, s.details], [wanted.code, wanted.message]);

    const call = client.Chat();
    const collected = collect(call);
    call.write({ status: wanted });
    call.end();
    const streamed = (await collected).status;
    assert.deepEqual([streamed.code, streamed.details], [wanted.code, wanted.message]);
  },

  async special_status_message() {
    const wanted = { code: status.UNKNOWN, message: "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n" };
    const { status: s } = await unary("Unary", { status: wanted });
    assert.deepEqual([s.code, s.details], [wanted.code, wanted.message]);
  },

  // Messages, then trouble: the status comes in trailers behind them.
  async status_after_messages() {
    const { messages, status: s } = await collect(client.StreamOut({ parts: [{ size: 5 }], status: { code: 9, message: "late" } }));
    assert.deepEqual([messages.length, s.code, s.details], [1, 9, "late"]);
  },

  async unimplemented_method() {
    assert.equal((await unary("Unimplemented", {})).status.code, status.UNIMPLEMENTED);
  },

  async unimplemented_service() {
    const code = await new Promise((resolve) => missing.Call({}, (error) => resolve(error?.code)));
    assert.equal(code, status.UNIMPLEMENTED);
  },

  // A deadline of the service's own choosing: the client says how long it has, hop by hop.
  async deadline_is_passed_on() {
    const { messages, status: s } = await collect(
      client.StreamOut({ parts: [{ size: 1 }, { size: 1, delay: 5000 }] }, new Metadata(), { deadline: Date.now() + 300 }));
    assert.deepEqual([messages.length, s.code], [1, status.DEADLINE_EXCEEDED]);
  },

  // Over one connection at once.
  async concurrent_large_unary() {
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) => unary("Unary", { responseSize: 20000 + i, payload: bytes(20000) })));
    assert.deepEqual(all.map((one) => one.response?.payload.length), all.map((_, i) => 20000 + i));
  },
};

// What a bridge to plain HTTP makes of an answer.
cases.named = async () => {
  const { response, status: s } = await unary("Unary", { name: "hi" });
  assert.deepEqual([s.code, response?.name], [status.OK, "hi"]);
};

// What a proxy answers itself, as EXPECT_STATUS says.
cases.expect_status = async () => {
  const { status: s } = await unary("Empty", {});
  assert.equal(`${s.code} ${s.details}`, process.env.EXPECT_STATUS);
};

const wanted = rest.length > 0 ? rest : Object.keys(cases).filter((name) => name !== "expect_status" && name !== "named");
let failed = 0;
for (const name of wanted) {
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

client.close();
missing.close();
process.exit(failed);
