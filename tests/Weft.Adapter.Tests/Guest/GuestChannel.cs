using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>A completion channel.</summary>
internal sealed class GuestChannel : IDisposable
{
    private readonly GuestContext _context;

    internal GuestChannel(GuestContext context)
    {
        _context = context;
        Assert.Equal(Errno.None, context.Verbs.CreateChannel(out uint handle, out int descriptor));
        (Handle, Descriptor) = (handle, descriptor);
        Host.MakeNonBlocking(descriptor);
    }

    internal uint Handle { get; }

    internal int Descriptor { get; }

    /// <summary>The user handle of the queue that has something; null when none has.</summary>
    internal ulong? Read()
    {
        Span<byte> record = stackalloc byte[8];
        long got = Host.Read(Descriptor, record);
        if (got is -(long)Errno.EAGAIN or 0)
            return null;
        Assert.Equal(8, got);
        return MemoryMarshal.Read<ulong>(record);
    }

    internal ulong Wait()
    {
        ulong? found = null;
        Host.Until(() => (found = Read()) is not null, "a completion event");
        return found!.Value;
    }

    internal Errno Destroy() => _context.Verbs.DestroyChannel(Handle);

    public void Dispose() => Host.Close(Descriptor);
}
