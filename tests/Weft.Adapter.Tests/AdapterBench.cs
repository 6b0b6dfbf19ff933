using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Xunit.Abstractions;

namespace Weft.Adapter.Tests;

/// <summary>
/// What the engine itself costs, with one thread that plays both guests and the engine on the other core. Each figure
/// is a median of rounds, and checks its payload.
/// </summary>
[Collection(nameof(AllocationTests))]
public sealed class AdapterBench(ITestOutputHelper output)
{
    private const int Rounds = 9;

    [BenchFact]
    public void Latency_of_a_small_write()
    {
        using var pair = new GuestPair(mode: EngineMode.Poll);
        Report("8 B write, post to completion", Latency(pair), "ns", 1000);
    }

    [BenchFact]
    public void Message_rate()
    {
        foreach (int pairs in new[] { 1, 64 })
        {
            using var pair = new GuestPair(mode: EngineMode.Poll);
            Report($"64 B writes, {pairs} queue pairs", Rate(pair, pairs, 64), "M/s", 3);
        }
    }

    [BenchFact]
    public void Bandwidth_against_a_plain_copy()
    {
        foreach (int bytes in new[] { 4 << 10, 64 << 10, 256 << 10, 1 << 20 })
        {
            using var pair = new GuestPair(mode: EngineMode.Poll, bufferBytes: 8 << 20);
            double[] ratios = new double[Rounds];
            double copied = 0, written = 0;
            for (int round = 0; round < Rounds; round++)
            {
                copied = CopyRate(pair, bytes);
                written = WriteRate(pair, bytes);
                ratios[round] = written / copied;
            }
            Report($"writes of {bytes >> 10} KiB: {written:f2} GB/s against {copied:f2} GB/s", Median(ratios), "of memcpy", 0.8);
        }
    }

    [BenchFact]
    public void Idle_queue_pairs_cost_the_busy_one_little()
    {
        using var pair = new GuestPair(mode: EngineMode.Poll);
        double before = Latency(pair), rateBefore = Rate(pair, 1, 64);
        var idle = pair.Left.CreateCompletionQueue();
        for (int index = 0; index < 1000; index++)
            pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, idle, idle) { SendRequests = 4, ReceiveRequests = 4 })
                .Connect(pair.RightVm.Lid, pair.B.Number);
        double after = Latency(pair), rateAfter = Rate(pair, 1, 64);
        output.WriteLine($"with 1000 idle queue pairs: latency {before:f0} -> {after:f0} ns (+{(after / before - 1) * 100:f0} %), rate {rateBefore:f2} -> {rateAfter:f2} M/s");
    }

    [BenchFact]
    public void Ping_pong_of_two_spinning_programs_beside_the_engine()
    {
        foreach (EngineMode mode in new[] { EngineMode.Auto, EngineMode.Poll })
        {
            using var pair = new GuestPair(mode: mode);
            const int count = 500;
            long processorNs = pair.Adapter.Engines[0].ProcessorNs, began = Stopwatch.GetTimestamp();
            double[] each = new double[count];
            var other = new Thread(() => Pong(pair, count));
            other.Start();
            for (int index = 0; index < count; index++)
            {
                long since = Stopwatch.GetTimestamp();
                pair.A.PostReceive(1, pair.LeftMemory.Entry(64, 64));
                pair.A.PostSend(pair.Send(8));
                Spin(pair.LeftQueue);
                Spin(pair.LeftQueue);
                each[index] = Stopwatch.GetElapsedTime(since).TotalMicroseconds / 2;
            }
            other.Join();
            double mean = each.Average();
            double share = (pair.Adapter.Engines[0].ProcessorNs - processorNs) / Stopwatch.GetElapsedTime(began).TotalMicroseconds / 10;
            Array.Sort(each);
            output.WriteLine($"ping-pong write path, {mode}, {Environment.ProcessorCount} cores for two spinning programs and the engine: half a round trip {each[count / 2]:f1} us median, {mean:f1} mean, {each[count * 99 / 100]:f1} p99; the engine took {share:f0} % of a core and slept {pair.Adapter.Engines[0].Sleeps} times");
        }
    }

    /// <summary>
    /// A link's own latency: READs that follow each other one at a time, all posted at once, so that nobody but the two engines takes
    /// part; beside it a TCP ping-pong between two threads. Both by way of loopback, with both ends spinning.
    /// </summary>
    [BenchFact]
    public void Link_between_two_engines_beside_TCP()
    {
        const int count = 2000;
        using GuestPair pair = new(new TwoHosts(EngineMode.Poll), EngineMode.Poll, QueuePairType.ReliableConnection,
            shape: given => given with { SendRequests = count });
        SendWork quiet = pair.Remote(SendOpcode.Read, 8), last = pair.Remote(SendOpcode.Read, 8);
        (quiet.IsSignalled, quiet.IsFenced, last.IsFenced) = (false, true, true);
        double[] links = new double[Rounds], plain = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            plain[round] = SpinningTcpUs(5000);
            Raw.Long(pair.RightMemory.Address) = (ulong)round;
            for (int index = 1; index < count; index++)
                pair.A.Stage(quiet);
            long since = Stopwatch.GetTimestamp();
            pair.A.PostSend(last);
            WorkCompletion completion;
            while (!pair.LeftQueue.TryPoll(out completion))
                Thread.Sleep(1);
            links[round] = Stopwatch.GetElapsedTime(since).TotalMicroseconds / count;
            if (!completion.IsSuccess || Raw.Long(pair.LeftMemory.Address) != (ulong)round)
                throw new InvalidOperationException(completion.ToString());
        }
        output.WriteLine($"8 B, there and back, two spinning ends on {Environment.ProcessorCount} cores, best and median of {Rounds}: "
            + $"READ over a link {links.Min():f1}, {Median(links):f1} us; TCP {plain.Min():f1}, {Median(plain):f1} us");
    }

    private static double SpinningTcpUs(int count)
    {
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket one = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        one.Connect(listener.LocalEndPoint!);
        using Socket other = listener.Accept();
        other.NoDelay = true;
        (one.Blocking, other.Blocking) = (false, false);
        var echo = new Thread(() =>
        {
            for (int index = 0; index < count; index++)
            {
                Move(other, isSend: false);
                Move(other, isSend: true);
            }
        });
        echo.Start();
        long since = Stopwatch.GetTimestamp();
        for (int index = 0; index < count; index++)
        {
            Move(one, isSend: true);
            Move(one, isSend: false);
        }
        double us = Stopwatch.GetElapsedTime(since).TotalMicroseconds / count;
        echo.Join();
        return us;
    }

    private static void Move(Socket socket, bool isSend)
    {
        Span<byte> bytes = stackalloc byte[8];
        for (int done = 0; done < bytes.Length;)
        {
            int length = isSend ? socket.Send(bytes[done..], SocketFlags.None, out SocketError error) : socket.Receive(bytes[done..], SocketFlags.None, out error);
            done += error == SocketError.Success ? length : 0;
        }
    }

    private static void Pong(GuestPair pair, int count)
    {
        SendWork work = new() { Opcode = SendOpcode.Send, List = [pair.RightMemory.Entry(0, 8)] };
        pair.B.PostReceive(1, pair.RightMemory.Entry(64, 64));
        for (int index = 0; index < count; index++)
        {
            while (true)
            {
                if (!Spin(pair.RightQueue).IsSend)
                    break;
            }
            pair.B.PostReceive(1, pair.RightMemory.Entry(64, 64));
            pair.B.PostSend(work);
        }
        while (!Spin(pair.RightQueue).IsSend)
        {
        }
    }

    /// <summary>Polls as ibv_rc_pingpong does, never leaving the core.</summary>
    private static WorkCompletion Spin(GuestCompletionQueue queue)
    {
        WorkCompletion completion;
        while (!queue.TryPoll(out completion))
        {
        }
        return completion.IsSuccess ? completion : throw new InvalidOperationException(completion.ToString());
    }

    private static double Latency(GuestPair pair)
    {
        SendWork work = pair.Remote(SendOpcode.Write, 8);
        const int count = 20_000;
        double[] medians = new double[Rounds];
        long[] each = new long[count];
        for (int round = 0; round < Rounds; round++)
        {
            for (int index = 0; index < count; index++)
            {
                Raw.Long(pair.LeftMemory.Address) = (ulong)index;
                long since = Stopwatch.GetTimestamp();
                pair.A.PostSend(work);
                WorkCompletion completion;
                while (!pair.LeftQueue.TryPoll(out completion))
                {
                }
                each[index] = Stopwatch.GetTimestamp() - since;
                if (!completion.IsSuccess || Raw.Long(pair.RightMemory.Address) != (ulong)index)
                    throw new InvalidOperationException(completion.ToString());
            }
            Array.Sort(each);
            medians[round] = each[count / 2] * 1e9 / Stopwatch.Frequency;
        }
        return Median(medians);
    }

    /// <summary>Millions of writes a second, one in sixteen signalled.</summary>
    private static double Rate(GuestPair pair, int pairs, int bytes)
    {
        const int signalEvery = 16;
        GuestCompletionQueue queue = pair.Left.CreateCompletionQueue(8191);
        var senders = new GuestQueuePair[pairs];
        for (int index = 0; index < pairs; index++)
        {
            senders[index] = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, queue, queue) { SendRequests = 200 });
            GuestQueuePair to = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.RightQueue, pair.RightQueue));
            senders[index].Connect(pair.RightVm.Lid, to.Number);
            to.Connect(pair.LeftVm.Lid, senders[index].Number);
        }
        SendWork quiet = pair.Remote(SendOpcode.Write, bytes), signalled = pair.Remote(SendOpcode.Write, bytes);
        quiet.IsSignalled = false;
        double[] rates = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            const int count = 400_000;
            int posted = 0, done = 0, at = 0;
            long since = Stopwatch.GetTimestamp();
            while (done < count)
            {
                GuestQueuePair sender = senders[at];
                at = at + 1 < pairs ? at + 1 : 0;
                if (posted < count && sender.SendsOutstanding <= 128)
                {
                    for (int index = 1; index < signalEvery; index++)
                        sender.Stage(quiet);
                    sender.PostSend(signalled);
                    posted += signalEvery;
                }
                while (queue.TryPoll(out WorkCompletion completion))
                {
                    done += signalEvery;
                    if (!completion.IsSuccess)
                        throw new InvalidOperationException(completion.ToString());
                }
            }
            rates[round] = count / Stopwatch.GetElapsedTime(since).TotalSeconds / 1e6;
        }
        return Median(rates);
    }

    private static double WriteRate(GuestPair pair, int bytes)
    {
        SendWork work = pair.Remote(SendOpcode.Write, bytes);
        int count = (256 << 20) / bytes, posted = 0, done = 0, slots = (8 << 20) / bytes;
        long since = Stopwatch.GetTimestamp();
        while (done < count)
        {
            if (posted < count && posted - done < 8)
            {
                int offset = posted++ % slots * bytes;
                work.List[0] = pair.LeftMemory.Entry(offset, bytes);
                work.RemoteAddress = pair.RightMemory.Address + (ulong)offset;
                pair.A.PostSend(work);
            }
            if (pair.LeftQueue.TryPoll(out WorkCompletion completion))
                done += completion.IsSuccess ? 1 : throw new InvalidOperationException(completion.ToString());
        }
        return (double)count * bytes / Stopwatch.GetElapsedTime(since).TotalSeconds / 1e9;
    }

    private static double CopyRate(GuestPair pair, int bytes)
    {
        int count = (256 << 20) / bytes, slots = (8 << 20) / bytes;
        long since = Stopwatch.GetTimestamp();
        for (int index = 0; index < count; index++)
            pair.LeftMemory.Span.Slice(index % slots * bytes, bytes).CopyTo(pair.RightMemory.Span[(index % slots * bytes)..]);
        return (double)count * bytes / Stopwatch.GetElapsedTime(since).TotalSeconds / 1e9;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private void Report(string what, double value, string unit, double target) => output.WriteLine($"{what}: {value:f2} {unit} (target {target})");
}
