// Node.js: timers, promises, worker threads, the thread pool (crypto, zlib, fs), sockets and HTTP on loopback.
import assert from "node:assert";
import crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { pipeline } from "node:stream/promises";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import zlib from "node:zlib";

if (!isMainThread) {
  const { shared, rounds } = workerData;
  const counter = new Int32Array(shared);
  for (let i = 0; i < rounds; i++) Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 1);
  parentPort.postMessage(crypto.createHash("sha256").update(String(rounds)).digest("hex").slice(0, 16));
} else {
  const sleep = promisify(setTimeout);
  const order = [];
  setTimeout(() => order.push("timeout"), 5);
  setImmediate(() => order.push("immediate"));
  process.nextTick(() => order.push("tick"));
  queueMicrotask(() => order.push("microtask"));
  await sleep(30);
  console.log("order", order.sort().join(" "));

  const shared = new SharedArrayBuffer(8);
  const workers = [1, 2, 3].map((n) => new Worker(new URL(import.meta.url), { workerData: { shared, rounds: n * 1000 } }));
  const hashes = await Promise.all(workers.map(async (w) => (await once(w, "message"))[0]));
  await Promise.all(workers.map((w) => w.terminate()));
  console.log("workers", hashes.join(" "), new Int32Array(shared)[0]);

  const keys = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => promisify(crypto.pbkdf2)("weft", "salt" + n, 2000, 16, "sha512")));
  console.log("pbkdf2", keys.map((k) => k.toString("hex").slice(0, 8)).join(" "));
  const data = Buffer.alloc(1 << 20, "weft and warp ");
  const packed = await promisify(zlib.gzip)(data);
  assert((await promisify(zlib.gunzip)(packed)).equals(data));
  console.log("gzip", packed.length < data.length / 50);

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weft-node-"));
  await Promise.all(Array.from({ length: 40 }, (_, i) => fs.promises.writeFile(path.join(folder, `f${i}`), "z".repeat(i * 100))));
  const names = (await fs.promises.readdir(folder)).sort();
  const sizes = await Promise.all(names.map(async (n) => (await fs.promises.stat(path.join(folder, n))).size));
  console.log("files", names.length, sizes.reduce((a, b) => a + b));
  const watcher = fs.watch(folder);
  const seen = once(watcher, "change");
  fs.writeFileSync(path.join(folder, "new"), "x");
  console.log("watched", (await seen)[1]);
  watcher.close();
  await pipeline(fs.createReadStream(path.join(folder, "f39")), zlib.createGzip(), fs.createWriteStream(path.join(folder, "out.gz")));
  console.log("stream", zlib.gunzipSync(fs.readFileSync(path.join(folder, "out.gz"))).length);
  fs.rmSync(folder, { recursive: true });

  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => response.end(`${request.method} ${request.url} ${body.length}`));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const answers = await Promise.all(Array.from({ length: 10 }, async (_, i) => {
    const answer = await fetch(`http://127.0.0.1:${port}/${i}`, { method: "POST", body: "b".repeat(i * 1000) });
    return answer.text();
  }));
  console.log(answers.join("; "));
  server.closeAllConnections();
  server.close();

  const echo = net.createServer((socket) => socket.pipe(socket));
  const where = path.join(os.tmpdir(), `weft-node-${process.pid}.sock`);
  await new Promise((resolve) => echo.listen(where, resolve));
  const client = net.connect(where);
  client.write("through a unix socket");
  console.log(String((await once(client, "data"))[0]));
  client.end();
  echo.close();

  const signals = new EventEmitter();
  process.once("SIGUSR2", () => signals.emit("told"));
  const told = once(signals, "told");
  process.kill(process.pid, "SIGUSR2");
  await told;
  console.log("signal");
  let garbage = [];
  for (let i = 0; i < 300; i++) garbage = garbage.slice(-20).concat([new Array(10000).fill(i)]);
  console.log("garbage", garbage.length, WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
  process.on("exit", () => console.log("exit hook"));
  process.exitCode = 11;
}
