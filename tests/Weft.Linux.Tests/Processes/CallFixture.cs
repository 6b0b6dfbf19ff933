using System.Runtime.InteropServices;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Processes;

/// <summary>A thread of a VM that never runs: its calls are dispatched as if it had made them.</summary>
internal sealed class CallFixture : IDisposable
{
    internal const ulong PageBytes = 4096;
    internal const ulong Unmapped = 0x10_0000_0000;

    internal CallFixture(KernelOptions? options = null)
    {
        Kernel kernel = new(new GuestMachine(1UL << 40), options ?? new KernelOptions());
        Process = new Process(kernel);
        Thread = new GuestThread(Process, kernel.Machine.CreateVcpu(Process.Memory.PageTables));
        Process.AddThread(Thread);
        Thread.BindToHostThread();
    }

    internal Process Process { get; }

    internal GuestThread Thread { get; }

    internal AddressSpace Memory => Process.Memory;

    internal GuestVirtualAddress Map(int pages, Protection protection = Protection.Read | Protection.Write)
    {
        SyscallResult result = Memory.Map(new MapRequest { LengthBytes = (ulong)pages * PageBytes, Protection = protection });
        Assert.False(result.IsError, result.Error.ToString());
        return new GuestVirtualAddress((ulong)result.Value);
    }

    /// <summary>Guest memory that holds these values.</summary>
    internal GuestVirtualAddress Put<T>(params ReadOnlySpan<T> values) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        GuestVirtualAddress address = Map(1 + bytes.Length / (int)PageBytes);
        Assert.True(Memory.TryWrite(address, bytes));
        return address;
    }

    internal T Get<T>(GuestVirtualAddress address, int index = 0) where T : unmanaged
    {
        Assert.True(Memory.TryRead(address + (ulong)(index * Marshal.SizeOf<T>()), out T value));
        return value;
    }

    internal SyscallResult Call(SystemCall number, params ReadOnlySpan<ulong> arguments) =>
        SystemCallTable.Dispatch(Thread, (ulong)number, Pack(arguments));

    /// <summary>The call as the attendant would make it: it never waits.</summary>
    internal SyscallResult CallAttended(SystemCall number, params ReadOnlySpan<ulong> arguments)
    {
        byte[] ways = new byte[512];
        Array.Fill(ways, (byte)1);
        Thread.TryAnswerForAttendant((ulong)number, Pack(arguments), ways, out SyscallResult result);
        return result;
    }

    internal ulong Succeed(SystemCall number, params ReadOnlySpan<ulong> arguments)
    {
        SyscallResult result = Call(number, arguments);
        Assert.True(result.Value >= 0, $"{number}: {result.Error}");
        return (ulong)result.Value;
    }

    internal Errno Fail(SystemCall number, params ReadOnlySpan<ulong> arguments) => Call(number, arguments).Error;

    /// <summary>Gives the address space back: there is room for a few VMs in one process only.</summary>
    public void Dispose() => Process.Kernel.Machine.Dispose();

    private static SyscallArguments Pack(ReadOnlySpan<ulong> arguments)
    {
        Span<ulong> all = stackalloc ulong[6];
        arguments.CopyTo(all);
        return new SyscallArguments(all[0], all[1], all[2], all[3], all[4], all[5]);
    }
}
