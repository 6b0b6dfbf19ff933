import java.io.*;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;

/** Threads, garbage collection, mapped files, selectors, exceptions raised from faults: what the JVM asks of a kernel. */
public class Workers {
    static long fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

    static void pools() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Long>> results = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            int n = i;
            results.add(pool.submit(() -> fibonacci(n)));
        }
        long sum = 0;
        for (Future<Long> result : results)
            sum += result.get();
        pool.shutdown();
        System.out.println("pool " + sum + " " + pool.awaitTermination(10, TimeUnit.SECONDS));
        System.out.println("parallel " + LongStream.range(0, 1_000_000).parallel().map(x -> x * x % 7).sum());
    }

    static void garbage() throws Exception {
        AtomicLong kept = new AtomicLong();
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            threads[t] = new Thread(() -> {
                Map<Integer, byte[]> live = new HashMap<>();
                for (int i = 0; i < 40_000; i++)
                    live.put(i % 500, new byte[1000 + i % 3000]);
                kept.addAndGet(live.size());
            });
            threads[t].start();
        }
        for (Thread thread : threads)
            thread.join();
        System.gc();
        System.out.println("kept " + kept);
    }

    static void locks() throws Exception {
        Object monitor = new Object();
        int[] turn = { 0 };
        Thread[] threads = new Thread[3];
        for (int t = 0; t < 3; t++) {
            int me = t;
            threads[t] = new Thread(() -> {
                for (int i = 0; i < 500; i++)
                    synchronized (monitor) {
                        while (turn[0] % 3 != me)
                            try { monitor.wait(); } catch (InterruptedException e) { return; }
                        turn[0]++;
                        monitor.notifyAll();
                    }
            });
            threads[t].start();
        }
        for (Thread thread : threads)
            thread.join();
        Thread sleeper = new Thread(() -> {
            try { Thread.sleep(100_000); } catch (InterruptedException e) { System.out.println("interrupted"); }
        });
        sleeper.start();
        sleeper.interrupt();
        sleeper.join();
        System.out.println("turns " + turn[0]);
    }

    static void selectors() throws Exception {
        Selector selector = Selector.open();
        ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
        server.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
        int port = server.socket().getLocalPort();
        ExecutorService clients = Executors.newCachedThreadPool();
        List<Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int n = i;
            answers.add(clients.submit(() -> {
                try (Socket socket = new Socket("127.0.0.1", port)) {
                    socket.getOutputStream().write(("hello " + n + "\n").getBytes());
                    return new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
                }
            }));
        }
        for (int closed = 0; closed < 10; ) {
            selector.select();
            for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); keys.remove()) {
                SelectionKey key = keys.next();
                if (key.isAcceptable()) {
                    for (SocketChannel client; (client = server.accept()) != null; )
                        client.configureBlocking(false).register(selector, SelectionKey.OP_READ);
                } else {
                    SocketChannel client = (SocketChannel) key.channel();
                    ByteBuffer buffer = ByteBuffer.allocateDirect(256);
                    if (client.read(buffer) < 0) {
                        client.close();
                        closed++;
                    } else {
                        client.write(buffer.flip());
                    }
                }
            }
        }
        for (Future<String> answer : answers)
            System.out.println(answer.get());
        clients.shutdown();
    }

    static void files() throws Exception {
        Path file = Files.createTempFile("weft", ".java");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
            for (int i = 0; i < 1 << 20; i++)
                map.put(i, (byte) (i * 7));
            map.force();
            ByteBuffer back = ByteBuffer.allocate(1 << 20);
            channel.read(back, 0);
            System.out.println("mapped " + Arrays.hashCode(back.array()));
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        System.out.println("digest " + HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file))));
        Files.delete(file);
    }

    static int deep(int n) { return deep(n + 1) + 1; }

    public static void main(String[] arguments) throws Exception {
        pools();
        garbage();
        locks();
        selectors();
        files();
        int nulls = 0;
        for (int i = 0; i < 200_000; i++) { // compiled code finds null by a fault
            String text = i % 20_000 == 0 ? null : "x";
            try { nulls += text.length() - 1; } catch (NullPointerException e) { nulls++; }
        }
        System.out.println("nulls " + nulls);
        try { deep(0); } catch (StackOverflowError e) { System.out.println("stack overflow"); }
        try { System.out.println(1 / (arguments.length)); } catch (ArithmeticException e) { System.out.println(e.getMessage()); }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        System.exit(3);
    }
}
