using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>
/// A descriptor that the adapter's events are read from: the reading end of a pipe of records of one size. The engine
/// writes them; reading, waiting and O_NONBLOCK are the pipe's own.
/// </summary>
/// <param name="host">The reading end; owned.</param>
/// <param name="recordBytes">Size of a record.</param>
internal class EventFile(int host, int recordBytes) : FileDescription(host)
{
    private const int DrainBytes = 4096;

    /// <summary>Size of a record: a read takes one.</summary>
    internal int RecordBytes => recordBytes;

    /// <summary>
    /// Takes an object's unread records out of the pipe; others' are put back. Returns how many went. A reader at the
    /// same time gets some records, never one twice.
    /// </summary>
    /// <param name="isOwn">Whether a record is the object's.</param>
    internal uint Discard(Func<ReadOnlySpan<byte>, bool> isOwn)
    {
        using NativeBuffer buffer = new(DrainBytes * 2);
        int reader = Reopen(buffer, OpenFlags.ReadOnly);
        if (reader < 0)
            return 0;
        uint discarded = 0;
        using MemoryStream kept = new();
        long address = (long)buffer.Address.Value;
        long read;
        while ((read = HostStubs.Call(SystemCall.Read, reader, address, DrainBytes)) > 0)
            for (int offset = 0; offset + recordBytes <= read; offset += recordBytes)
            {
                ReadOnlySpan<byte> record = buffer.Span.Slice(offset, recordBytes);
                if (isOwn(record))
                    discarded++;
                else
                    kept.Write(record);
            }
        HostFile.Close(reader);
        if (kept.Length > 0)
            PutBack(buffer, kept.GetBuffer().AsSpan(0, (int)kept.Length));
        return discarded;
    }

    private void PutBack(NativeBuffer buffer, ReadOnlySpan<byte> records)
    {
        int writer = Reopen(buffer, OpenFlags.WriteOnly);
        if (writer < 0)
            return;
        // Pieces of a page at most are written whole or not at all; the room is what was just read.
        int pieceBytes = DrainBytes / recordBytes * recordBytes;
        for (; records.Length > 0; records = records[Math.Min(pieceBytes, records.Length)..])
        {
            ReadOnlySpan<byte> piece = records[..Math.Min(pieceBytes, records.Length)];
            piece.CopyTo(buffer.Span);
            HostStubs.Call(SystemCall.Write, writer, (long)buffer.Address.Value, piece.Length);
        }
        HostFile.Close(writer);
    }

    /// <summary>The same pipe with flags of its own: the program may have changed those of its descriptor.</summary>
    private int Reopen(NativeBuffer buffer, int access) => (int)HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory,
        PathScratch.Put(buffer, 0, $"/proc/self/fd/{Host}"), access | OpenFlags.NonBlocking | OpenFlags.CloseOnExec);

    /// <summary>The user handle that both kinds of record begin with.</summary>
    internal static ulong ElementOf(ReadOnlySpan<byte> record) => MemoryMarshal.Read<ulong>(record);
}
