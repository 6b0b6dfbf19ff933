using System.Buffers.Binary;
using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Linux.Proc;
using Weft.Linux.Verbs;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Verbs;

/// <summary>A VM with an adapter whose thread never runs: requests are written as libibverbs writes them.</summary>
internal sealed class VerbsFixture : IDisposable
{
    internal const ulong PageBytes = 4096;
    private readonly ulong _requestPlace, _responsePlace;

    internal VerbsFixture(FakeAdapter? adapter, string device = "/dev/infiniband/uverbs0")
    {
        KernelOptions options = new() { SharesMemory = true };
        Kernel kernel = new(new GuestMachine(1UL << 36, true), options) { VirtualFiles = new VirtualFileSystem(options), Adapter = adapter };
        Process = new Process(kernel);
        Thread = new GuestThread(Process, kernel.Machine.CreateVcpu(Process.Memory.PageTables));
        Adapter = adapter;
        _requestPlace = Map(1);
        _responsePlace = Map(1);
        if (adapter is not null)
            Descriptor = (int)Succeed(Open(device));
    }

    internal FakeAdapter? Adapter { get; }

    internal FakeContext Context => Adapter!.Contexts[^1];

    internal Process Process { get; }

    internal GuestThread Thread { get; }

    /// <summary>The open device.</summary>
    internal int Descriptor { get; }

    /// <summary>Where responses go.</summary>
    internal ulong Response => _responsePlace;

    internal SyscallResult Open(string path, int flags = 2) =>
        Call(SystemCall.Openat, unchecked((ulong)OpenFlags.CurrentDirectory), Text(path), (ulong)flags, 0);

    internal ulong Text(string text)
    {
        ulong address = Map(1);
        Assert.True(Process.Memory.TryWrite(new(address), Encoding.UTF8.GetBytes(text + "\0")));
        return address;
    }

    internal ulong Map(int pages)
    {
        SyscallResult result = Process.Memory.Map(new MapRequest { LengthBytes = (ulong)pages * PageBytes, Protection = Protection.Read | Protection.Write });
        Assert.False(result.IsError, result.Error.ToString());
        return (ulong)result.Value;
    }

    internal SyscallResult Call(SystemCall number, params ReadOnlySpan<ulong> arguments)
    {
        Span<ulong> all = stackalloc ulong[6];
        arguments.CopyTo(all);
        return SystemCallTable.Dispatch(Thread, (ulong)number, new SyscallArguments(all[0], all[1], all[2], all[3], all[4], all[5]));
    }

    internal static long Succeed(SyscallResult result)
    {
        Assert.True(result.Value >= 0, result.Error.ToString());
        return result.Value;
    }

    /// <summary>Writes bytes to the device.</summary>
    internal Errno Write(ReadOnlySpan<byte> request)
    {
        Assert.True(Process.Memory.TryWrite(new(_requestPlace), request));
        SyscallResult result = Call(SystemCall.Write, (ulong)Descriptor, _requestPlace, (ulong)request.Length);
        Assert.True(result.IsError || result.Value == request.Length);
        return result.Error;
    }

    /// <summary>A short request: header, the response's address when it has one, and words.</summary>
    internal Errno Ask(VerbsCommand command, int responseBytes, params ReadOnlySpan<uint> words)
    {
        int pointerBytes = responseBytes > 0 ? 8 : 0;
        byte[] request = new byte[8 + pointerBytes + words.Length * 4];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)command);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), (ushort)(request.Length / 4));
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), (ushort)(responseBytes / 4));
        if (pointerBytes > 0)
            BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), _responsePlace);
        for (int index = 0; index < words.Length; index++)
            BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(8 + pointerBytes + index * 4), words[index]);
        return Write(request);
    }

    internal uint Answer(int word) => Read<uint>(_responsePlace + (ulong)word * 4);

    internal T Read<T>(ulong address) where T : unmanaged
    {
        Assert.True(Process.Memory.TryRead(new(address), out T value));
        return value;
    }

    /// <summary>GET_CONTEXT and a protection domain, whose handle is returned.</summary>
    internal uint Begin()
    {
        Assert.Equal(Errno.None, Ask(VerbsCommand.GetContext, 24));
        Assert.Equal(Errno.None, Ask(VerbsCommand.AllocateDomain, 12));
        return Answer(0);
    }

    /// <summary>A completion queue of 64 entries. Returns its handle.</summary>
    internal uint CreateCompletionQueue(ulong userHandle, int channel = -1)
    {
        ulong buffer = Map(1), record = Map(1);
        Assert.Equal(Errno.None, Ask(VerbsCommand.CreateCompletionQueue, 16, Low(userHandle), High(userHandle), 63, 0, (uint)channel, 0,
            Low(buffer), High(buffer), Low(record), High(record)));
        return Answer(0);
    }

    internal static uint Low(ulong value) => (uint)value;

    internal static uint High(ulong value) => (uint)(value >> 32);

    public void Dispose()
    {
        Thread.Vcpu.Dispose();
        Process.Kernel.Machine.Dispose();
    }
}
