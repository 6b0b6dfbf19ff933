"""Uses much of the standard library in one process, and prints only what is the same in every run."""
import array, asyncio, base64, bisect, collections, concurrent.futures, configparser, contextlib, csv, ctypes, datetime
import decimal, difflib, email.message, fractions, functools, gc, glob, gzip, hashlib, heapq, html, http.client
import http.server, io, ipaddress, itertools, json, locale, logging, lzma, mmap, os, pathlib, pickle, platform, queue
import random, re, resource, secrets, select, selectors, shelve, shutil, signal, socket, sqlite3, ssl, statistics, stat
import string, struct, sys, sysconfig, tarfile, tempfile, textwrap, threading, time, traceback, unicodedata, urllib.parse
import urllib.request, uuid, weakref, xml.etree.ElementTree, zipfile, zlib, zoneinfo


def show(name, value):
    print(f"{name}: {value}")


def files():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for i in range(50):
            (root / f"{i:02}.txt").write_text("line\n" * i)
        show("glob", len(glob.glob(f"{folder}/*.txt")))
        shutil.copytree(root, root / "copy")
        with tarfile.open(root / "all.tar.gz", "w:gz") as tar:
            tar.add(root / "copy", arcname="copy")
        with tarfile.open(root / "all.tar.gz") as tar:
            show("tar", (len(tar.getnames()), sum(m.size for m in tar.getmembers())))
        with zipfile.ZipFile(root / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((root / "copy").iterdir()):
                archive.write(path, path.name)
        with zipfile.ZipFile(root / "all.zip") as archive:
            show("zip", (archive.testzip(), len(archive.read("49.txt"))))
        with shelve.open(str(root / "shelf")) as shelf:
            shelf["key"] = {"nested": [1, 2, 3]}
        with shelve.open(str(root / "shelf")) as shelf:
            show("shelf", shelf["key"])
        with open(root / "map", "w+b") as file:
            file.truncate(1 << 16)
            with mmap.mmap(file.fileno(), 0) as view:
                view[100:105] = b"weft!"
                view.flush()
                show("mmap", view.find(b"weft"))
        database = sqlite3.connect(root / "db")
        with database:
            database.execute("create table t (a, b)")
            database.executemany("insert into t values (?, ?)", ((i, str(i) * 3) for i in range(1000)))
        show("sqlite", database.execute("select count(*), sum(a), max(b) from t").fetchone())
        database.close()
        show("mode", stat.filemode(os.stat(folder).st_mode))
        show("usage", shutil.disk_usage(folder).total > 0)


def threads():
    results = queue.Queue()
    workers = [threading.Thread(target=lambda n=n: results.put(sum(range(n * 1000)))) for n in range(16)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    show("threads", sorted(results.get() for _ in workers)[-1])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        show("pool", sum(pool.map(lambda n: n * n, range(1000))))
    condition, ready = threading.Condition(), []
    def waiter():
        with condition:
            ready.append(condition.wait_for(lambda: len(ready) > 0, timeout=10))
    thread = threading.Thread(target=waiter)
    thread.start()
    with condition:
        ready.append("go")
        condition.notify_all()
    thread.join()
    show("condition", ready)
    timer = threading.Timer(0.02, lambda: results.put("timer"))
    timer.start()
    show("timer", results.get(timeout=10))


def network():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode() * 1000)
        def log_message(self, *args):
            pass
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/path"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        show("http", [len(opener.open(f"{url}{i}").read()) for i in range(5)])
        server.shutdown()
    a, b = socket.socketpair()
    with a, b:
        socket.send_fds(a, [b"fd"], [0])
        message, passed, _, _ = socket.recv_fds(b, 10, 2)
        show("passed", (message, len(passed)))
        os.close(passed[0])
    show("ssl", ssl.create_default_context().verify_mode.name)


async def asynchronous():
    async def echo(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def client(n):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"client {n}\n".encode())
        answer = await reader.read()
        writer.close()
        return answer.decode().strip()
    show("asyncio", await asyncio.gather(*(client(n) for n in range(5))))
    loop = asyncio.get_running_loop()
    show("executor", await loop.run_in_executor(None, sum, range(1000)))
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, told.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(told.wait(), 10)
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.02)
    except asyncio.TimeoutError:
        show("timeout", True)
    server.close()
    await server.wait_closed()


def numbers():
    decimal.getcontext().prec = 60
    show("decimal", decimal.Decimal(2).sqrt())
    show("fraction", sum(fractions.Fraction(1, n) for n in range(1, 30)))
    show("random", [random.Random(7).randint(0, 1000) for _ in range(3)])
    show("statistics", statistics.quantiles(range(100)))
    show("big", hashlib.sha256(str(3 ** 20000 if hasattr(sys, "set_int_max_str_digits") is None else 3 ** 5000).encode()).hexdigest())
    show("hash", hashlib.blake2b(b"weft").hexdigest()[:16])
    data = bytes(range(256)) * 400
    show("compress", [zlib.decompress(zlib.compress(data)) == data, gzip.decompress(gzip.compress(data)) == data,
                      lzma.decompress(lzma.compress(data)) == data])
    show("struct", struct.unpack("<hid", struct.pack("<hid", -1, 7, 2.5)))
    show("date", datetime.datetime(2024, 2, 29, tzinfo=zoneinfo.ZoneInfo("UTC")) + datetime.timedelta(days=366))


def system():
    show("pid", os.getpid() == int(os.readlink("/proc/self")))
    show("ctypes", ctypes.CDLL(None).abs(-5))
    show("signal", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    show("sigwait", signal.sigtimedwait([], 0.001))
    show("limits", resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0)
    show("platform", (platform.system(), platform.machine(), sys.byteorder))
    with contextlib.suppress(RecursionError):
        def deep(n):
            return deep(n + 1)
        deep(0)
    show("recursion", "survived")
    show("devnull", select.select([], [os.open(os.devnull, os.O_WRONLY)], [], 1)[1] != [])
    show("clock", time.get_clock_info("monotonic").monotonic and time.monotonic() <= time.monotonic())
    for _ in range(20):
        [[] for _ in range(10000)]
    show("gc", gc.collect() >= 0)


files()
threads()
network()
asyncio.run(asynchronous())
numbers()
system()
print("to standard error", file=sys.stderr)
sys.exit(21)
