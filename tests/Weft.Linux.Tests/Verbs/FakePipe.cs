using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Tests.Verbs;

/// <summary>A pipe of the host whose writing end a test holds.</summary>
internal sealed class FakePipe
{
    private readonly int _writer;

    internal FakePipe()
    {
        using NativeBuffer pair = new(4096);
        Assert.Equal(0, HostStubs.Call(SystemCall.Pipe2, (long)pair.Address.Value, 0));
        (Reader, _writer) = (MemoryMarshal.Read<int>(pair.Span), MemoryMarshal.Read<int>(pair.Span[4..]));
    }

    internal int Reader { get; }

    internal void Write<T>(in T record) where T : unmanaged
    {
        using NativeBuffer buffer = new(4096);
        MemoryMarshal.Write(buffer.Span, in record);
        Assert.True(HostStubs.Call(SystemCall.Write, _writer, (long)buffer.Address.Value, Marshal.SizeOf<T>()) > 0);
    }
}
