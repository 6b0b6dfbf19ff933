using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Host.Tests;

/// <summary>Bare descriptors, for tests.</summary>
internal static class Descriptors
{
    private const int CloseOnExec = 0x80000;

    internal static (int Reader, int Writer) Pipe()
    {
        using NativeBuffer buffer = new(8);
        Assert.Equal(0, HostStubs.Call(SystemCall.Pipe2, (long)buffer.Address.Value, CloseOnExec));
        return (BinaryPrimitives.ReadInt32LittleEndian(buffer.Span), BinaryPrimitives.ReadInt32LittleEndian(buffer.Span[4..]));
    }

    internal static int Event() => (int)HostStubs.Call(SystemCall.Eventfd2, 0, CloseOnExec);

    /// <summary>A memfd that can't shrink.</summary>
    internal static int Arena(long bytes, bool isSealed = true)
    {
        const int allowSealing = 2, closeOnExec = 1, addSeals = 1033, sealShrink = 2;
        using NativeBuffer name = new(8);
        "arena"u8.CopyTo(name.Span);
        int descriptor = (int)HostStubs.Call(SystemCall.MemfdCreate, (long)name.Address.Value, allowSealing | closeOnExec);
        Assert.True(descriptor >= 0);
        Assert.Equal(0, HostStubs.Call(SystemCall.Ftruncate, descriptor, bytes));
        if (isSealed)
            Assert.Equal(0, HostStubs.Call(SystemCall.Fcntl, descriptor, addSeals, sealShrink));
        return descriptor;
    }

    internal static long InodeOf(int descriptor)
    {
        using NativeBuffer status = new(144);
        Assert.Equal(0, HostStubs.Call(SystemCall.Fstat, descriptor, (long)status.Address.Value));
        return BinaryPrimitives.ReadInt64LittleEndian(status.Span[8..]);
    }

    internal static void Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        using NativeBuffer buffer = new(bytes.Length);
        bytes.CopyTo(buffer.Span);
        Assert.Equal(bytes.Length, HostStubs.Call(SystemCall.Write, descriptor, (long)buffer.Address.Value, bytes.Length));
    }

    /// <summary>One read of at most so many bytes; waits five seconds at most.</summary>
    internal static byte[] Read(int descriptor, int most)
    {
        using NativeBuffer buffer = new(most + 8);
        BinaryPrimitives.WriteInt32LittleEndian(buffer.Span[most..], descriptor);
        buffer.Span[most + 4] = 1;
        Assert.Equal(1, HostStubs.Call(SystemCall.Poll, (long)buffer.Address.Value + most, 1, 5000));
        long got = HostStubs.Call(SystemCall.Read, descriptor, (long)buffer.Address.Value, most);
        Assert.True(got >= 0);
        return buffer.Span[..(int)got].ToArray();
    }

    internal static void Close(params ReadOnlySpan<int> descriptors)
    {
        foreach (int descriptor in descriptors)
            HostStubs.Call(SystemCall.Close, descriptor);
    }

    /// <summary>How many descriptors this process has open.</summary>
    internal static int CountOpen() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
