using System.Buffers.Binary;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// The parent that vfork(2) holds until its child runs another program or ends, seen from the child: it gets what the child
/// has changed in the memory that the two would share on Linux, through a pipe, and goes on when that is closed.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class WaitingParent
{
    private const int HeaderBytes = sizeof(ulong) + sizeof(int), MostRecordBytes = 4096;
    private readonly AddressSpace _memory;
    private readonly MemoryState _state;
    private int _pipe;

    /// <summary>Takes the pipe and the restored state over, with its data file.</summary>
    internal WaitingParent(AddressSpace memory, MemoryState state, int pipe)
    {
        _memory = memory;
        _state = state;
        _pipe = pipe;
    }

    /// <summary>Lets the parent go on. The first call does it; nothing of the program may run any more.</summary>
    public void Release()
    {
        int pipe = Interlocked.Exchange(ref _pipe, -1);
        if (pipe < 0)
            return;
        using NativeBuffer record = new(HeaderBytes + MostRecordBytes);
        _memory.FindChanges(_state, (address, bytes) => Send(pipe, record, address, bytes));
        HostFile.Close(pipe);
        HostFile.Close(_state.DataDescriptor);
    }

    /// <summary>The parent's part: takes changes over until the child lets go, however it does. Waits as long as that takes.</summary>
    internal static void Await(AddressSpace memory, int pipe)
    {
        using NativeBuffer buffer = new(MostRecordBytes);
        while (TryReceive(pipe, buffer, HeaderBytes))
        {
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(buffer.Span);
            int length = BinaryPrimitives.ReadInt32LittleEndian(buffer.Span[sizeof(ulong)..]);
            if (length is < 0 or > MostRecordBytes || !TryReceive(pipe, buffer, length))
                return;
            // What the parent may not write it could not have shared.
            memory.TryWrite(new(address), buffer.Span[..length]);
        }
    }

    private static void Send(int pipe, NativeBuffer record, ulong address, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record.Span, address);
        BinaryPrimitives.WriteInt32LittleEndian(record.Span[sizeof(ulong)..], bytes.Length);
        bytes.CopyTo(record.Span[HeaderBytes..]);
        for (int done = 0, length = HeaderBytes + bytes.Length; done < length;)
        {
            long result = HostStubs.Call(SystemCall.Write, pipe, (long)(record.Address + (ulong)done).Value, length - done);
            // A parent that is gone needs nothing.
            if (result < 0 && result != -(long)Errno.EINTR)
                return;
            done += (int)Math.Max(result, 0);
        }
    }

    private static bool TryReceive(int pipe, NativeBuffer buffer, int length)
    {
        for (int done = 0; done < length;)
        {
            long result = HostStubs.Call(SystemCall.Read, pipe, (long)(buffer.Address + (ulong)done).Value, length - done);
            if (result == -(long)Errno.EINTR)
                continue;
            if (result <= 0)
                return false;
            done += (int)result;
        }
        return true;
    }
}
