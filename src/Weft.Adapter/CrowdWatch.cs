using System.Diagnostics;
using System.Text;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// Whether other threads want the engine's core: it was preempted lately, or the host has more threads to run than
/// cores. Guests that poll their queues are such threads, and look no different from ones that compute.
/// </summary>
/// <remarks>The engine's thread only.</remarks>
internal sealed class CrowdWatch : IDisposable
{
    private const int UsageThread = 1, InvoluntarySwitchesAt = 136, LoadAt = 256, LoadBytes = 128;
    private const int ReadOnlyCloseOnExec = 0x80000, CurrentDirectory = -100;
    private static readonly long Period = Stopwatch.Frequency / 500, Memory = Stopwatch.Frequency / 10;
    private readonly NativeBuffer _buffer = new(4096);
    private readonly int _load;
    private readonly int _cores = CountCores();
    private long _nextLook = long.MinValue;
    private long _preemptedAt = long.MinValue / 2;
    private long _switches;
    private bool _isCrowded;

    internal CrowdWatch()
    {
        "/proc/loadavg\0"u8.CopyTo(_buffer.Span);
        _load = (int)HostStubs.Call(SystemCall.Openat, CurrentDirectory, (long)_buffer.Address.Value, ReadOnlyCloseOnExec);
        _switches = ReadSwitches();
    }

    /// <summary>Whether to give the core away when there is nothing to do. Looks every two milliseconds.</summary>
    /// <param name="now">Ticks of <see cref="Stopwatch"/>.</param>
    internal bool IsCrowded(long now)
    {
        if (now < _nextLook)
            return _isCrowded;
        _nextLook = now + Period;
        long switches = ReadSwitches();
        if (switches != _switches)
            (_switches, _preemptedAt) = (switches, now);
        return _isCrowded = now - _preemptedAt < Memory || CountRunnable() > _cores;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_load >= 0)
            HostStubs.Call(SystemCall.Close, _load);
        _buffer.Dispose();
    }

    private long ReadSwitches()
    {
        HostStubs.Call(SystemCall.Getrusage, UsageThread, (long)_buffer.Address.Value);
        return BitConverter.ToInt64(_buffer.Span[InvoluntarySwitchesAt..]);
    }

    /// <summary>Threads of the host that run or could, this one among them.</summary>
    /// <remarks>Source: proc_loadavg(5), the number before the slash.</remarks>
    private int CountRunnable()
    {
        if (_load < 0)
            return 0;
        long length = HostStubs.Call(SystemCall.Pread64, _load, (long)_buffer.Address.Value + LoadAt, LoadBytes, 0);
        ReadOnlySpan<byte> text = _buffer.Span.Slice(LoadAt, (int)Math.Max(length, 0));
        text = text[..Math.Max(text.IndexOf((byte)'/'), 0)];
        text = text[(text.LastIndexOf((byte)' ') + 1)..];
        int count = 0;
        foreach (byte digit in text)
            count = count * 10 + (digit - '0');
        return count;
    }

    /// <summary>Cores of the host: the runnable threads are those of the host too, whatever part of it is ours.</summary>
    private static int CountCores()
    {
        try
        {
            int count = 0;
            foreach (string range in File.ReadAllText("/sys/devices/system/cpu/online", Encoding.ASCII).Split(','))
            {
                string[] ends = range.Split('-');
                count += int.Parse(ends[^1]) - int.Parse(ends[0]) + 1;
            }
            return count;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return Environment.ProcessorCount;
        }
    }
}
