// Echoes messages. Prints the port it listens on.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const http = createServer((request, response) => response.end("plain"));
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: { threshold: 0 },
  maxPayload: 8 << 20,
  handleProtocols: (offered) => (offered.has("chat") ? "chat" : false),
});
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
