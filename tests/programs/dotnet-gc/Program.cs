// Server GC under heavy allocation on four threads, and what else the .NET runtime asks of a kernel: suspension by
// signals, null references found by faults, tasks, timers, sockets, mapped files, collectible code.
using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Net;
using System.Net.Sockets;
using System.Runtime;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

Console.WriteLine($"server GC {GCSettings.IsServerGC}");
Allocate();
Faults();
await TasksAsync();
await SocketsAsync();
Files();
Console.Error.WriteLine("a word on standard error");
return 5;

static void Allocate()
{
    long[] sums = new long[4];
    Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
    {
        var live = new byte[2000][];
        uint state = (uint)t + 1;
        for (int i = 0; i < 400_000; i++)
        {
            state = (state * 1664525) + 1013904223;
            byte[] block = new byte[16 + (state >> 16) % 2000];
            block[^1] = (byte)i;
            live[(state >> 8) % 2000] = block;
            sums[t] += block.Length + block[0];
        }
        foreach (byte[]? block in live)
            sums[t] += block?[^1] ?? 0;
    }))];
    foreach (var thread in threads)
        thread.Start();
    for (int i = 0; i < 10; i++)
    {
        GC.Collect(i % 3, GCCollectionMode.Forced, blocking: i % 2 == 0);
        Thread.Sleep(5);
    }
    foreach (var thread in threads)
        thread.Join();
    Console.WriteLine($"allocated {string.Join(' ', sums)} collections {GC.CollectionCount(0) > 5}");
}

static void Faults()
{
    int caught = 0;
    for (int i = 0; i < 2000; i++)
    {
        string? text = i % 2 == 0 ? null : "x";
        try
        {
            caught += text!.Length - 1;
        }
        catch (NullReferenceException)
        {
            caught++;
        }
    }
    try
    {
        Console.WriteLine(100 / (caught - 1000));
    }
    catch (DivideByZeroException)
    {
        Console.WriteLine($"divide by zero after {caught} nulls");
    }
}

static async Task TasksAsync()
{
    int[] results = await Task.WhenAll(Enumerable.Range(0, 200).Select(async n =>
    {
        await Task.Delay(n % 10);
        return await Task.Run(() => n * n);
    }));
    Console.WriteLine($"tasks {results.Sum()}");
    long sum = 0;
    Parallel.For(0, 100_000, () => 0L, (i, _, local) => local + (i % 13), local => Interlocked.Add(ref sum, local));
    Console.WriteLine($"parallel {sum}");
    using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
    var clock = Stopwatch.StartNew();
    for (int i = 0; i < 5; i++)
        await timer.WaitForNextTickAsync();
    Console.WriteLine($"timer {clock.ElapsedMilliseconds >= 20}");
}

static async Task SocketsAsync()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    var server = Task.Run(async () =>
    {
        for (int i = 0; i < 10; i++)
        {
            using var client = await listener.AcceptTcpClientAsync();
            using var reader = new StreamReader(client.GetStream());
            string? line = await reader.ReadLineAsync();
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"echo {line}"));
        }
    });
    string[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async n =>
    {
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"client {n}\n"));
        return await new StreamReader(client.GetStream()).ReadToEndAsync();
    }));
    await server;
    Console.WriteLine(string.Join(", ", answers));
}

static void Files()
{
    string path = Path.GetTempFileName();
    using (var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 1 << 20))
    using (var view = map.CreateViewAccessor())
        for (int i = 0; i < 1 << 18; i++)
            view.Write(i * 4, (uint)i * 2654435761u);
    Console.WriteLine($"digest {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}");
    File.Delete(path);
    Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, int[]> { ["odd"] = [1, 3], ["even"] = [2, 4] }));
}
