using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Connections;

/// <summary>A pipe of connection events: a VM that doesn't read loses events, and holds nobody up.</summary>
internal sealed class EventPipe : IDisposable
{
    private readonly NativeBuffer _buffer = new(4096);
    private readonly int _writer;
    private int _reader;
    private bool _isClosed;

    private EventPipe(int reader, int writer) => (_reader, _writer) = (reader, writer);

    /// <summary>Makes one, with room for thousands of events where the host allows.</summary>
    internal static Errno TryCreate(out EventPipe? pipe)
    {
        const int closeOnExec = 0x80000, nonBlocking = 0x800, setFlags = 4, setSize = 1031, roomBytes = 1 << 20;
        pipe = null;
        using NativeBuffer pair = new(4096);
        long result = HostStubs.Call(SystemCall.Pipe2, (long)pair.Address.Value, closeOnExec);
        if (result < 0)
            return (Errno)(-result);
        ReadOnlySpan<int> ends = MemoryMarshal.Cast<byte, int>(pair.Span);
        HostStubs.Call(SystemCall.Fcntl, ends[1], setFlags, nonBlocking);
        HostStubs.Call(SystemCall.Fcntl, ends[1], setSize, roomBytes);
        pipe = new EventPipe(ends[0], ends[1]);
        return Errno.None;
    }

    /// <summary>The reading end, once.</summary>
    internal int TakeReader() => Interlocked.Exchange(ref _reader, -1);

    /// <summary>Writes an event whole, or not at all. Under the manager's lock.</summary>
    internal bool Write(in ConnectionEvent happened)
    {
        if (_isClosed)
            return false;
        MemoryMarshal.Write(_buffer.Span, in happened);
        return HostStubs.Call(SystemCall.Write, _writer, (long)_buffer.Address.Value, Unsafe.SizeOf<ConnectionEvent>()) > 0;
    }

    /// <summary>Closes what is not taken. Under the manager's lock, or after the last endpoint.</summary>
    public void Dispose()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        HostStubs.Call(SystemCall.Close, _writer);
        if (TakeReader() is >= 0 and int untaken)
            HostStubs.Call(SystemCall.Close, untaken);
        _buffer.Dispose();
    }
}
