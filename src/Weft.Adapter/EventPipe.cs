using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>A pipe whose reading end is the guest's: records are written whole or not at all, and never wait. Any polling thread writes.</summary>
internal sealed class EventPipe : IDisposable
{
    private const int CloseOnExec = 0x80000, NonBlocking = 0x800, SetStatusFlags = 4;
    private readonly NativeBuffer _record = new(4096);
    private readonly Lock _lock = new();
    private int _writer = -1;

    /// <summary>Makes the pipe. The caller hands the reader on.</summary>
    internal static Errno Create(out EventPipe? pipe, out int reader)
    {
        (pipe, reader) = (null, -1);
        EventPipe made = new();
        long result = HostStubs.Call(SystemCall.Pipe2, (long)made._record.Address.Value, CloseOnExec);
        if (result < 0)
        {
            made._record.Dispose();
            return (Errno)(-result);
        }
        reader = BitConverter.ToInt32(made._record.Span);
        made._writer = BitConverter.ToInt32(made._record.Span[4..]);
        HostStubs.Call(SystemCall.Fcntl, made._writer, SetStatusFlags, NonBlocking);
        pipe = made;
        return Errno.None;
    }

    /// <summary>Writes one record. False when the pipe is full: nobody reads.</summary>
    internal bool TryWrite<T>(in T record) where T : unmanaged
    {
        lock (_lock)
        {
            MemoryMarshal.Write(_record.Span, in record);
            return HostStubs.Call(SystemCall.Write, _writer, (long)_record.Address.Value, Unsafe.SizeOf<T>()) > 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_writer < 0)
            return;
        HostStubs.Call(SystemCall.Close, _writer);
        _writer = -1;
        _record.Dispose();
    }
}
