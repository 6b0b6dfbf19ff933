using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Files;

/// <summary>A process in a VM whose thread never runs: its handlers are called as the dispatch would call them.</summary>
internal sealed class GuestFixture
{
    internal const ulong PageBytes = 4096;

    internal GuestFixture(KernelOptions options)
    {
        Kernel kernel = new(new GuestMachine(1UL << 40, options.SharesMemory), options);
        Process = new Process(kernel);
        Thread = new GuestThread(Process, kernel.Machine.CreateVcpu(Process.Memory.PageTables));
    }

    internal Process Process { get; }

    internal GuestThread Thread { get; }

    /// <summary>Maps pages for the program. Returns the first address.</summary>
    internal GuestVirtualAddress Map(int pages, Protection protection = Protection.Read | Protection.Write)
    {
        SyscallResult result = Process.Memory.Map(new MapRequest { LengthBytes = (ulong)pages * PageBytes, Protection = protection });
        Assert.False(result.IsError, result.Error.ToString());
        return new GuestVirtualAddress((ulong)result.Value);
    }

    /// <summary>A system call.</summary>
    internal SyscallResult Call(SystemCall number, params ReadOnlySpan<ulong> arguments)
    {
        Span<ulong> all = stackalloc ulong[6];
        arguments.CopyTo(all);
        return SystemCallTable.Dispatch(Thread, (ulong)number, new SyscallArguments(all[0], all[1], all[2], all[3], all[4], all[5]));
    }

    /// <summary>Puts a text with its 0 in guest memory.</summary>
    internal ulong Text(string text)
    {
        GuestVirtualAddress address = Map(2);
        Assert.True(Process.Memory.TryWrite(address, Encoding.UTF8.GetBytes(text + "\0")));
        return address.Value;
    }

    internal SyscallResult Open(string path, int flags = 0, int mode = 0x1b6) =>
        Call(SystemCall.Openat, unchecked((ulong)OpenFlags.CurrentDirectory), Text(path), (ulong)flags, (ulong)mode);

    internal SyscallResult OpenAt(long directory, string path, int flags = 0, int mode = 0x1b6) =>
        Call(SystemCall.Openat, (ulong)directory, Text(path), (ulong)flags, (ulong)mode);

    internal string Read(long descriptor)
    {
        GuestVirtualAddress buffer = Map(1);
        long count = Call(SystemCall.Read, (ulong)descriptor, buffer.Value, PageBytes).Value;
        byte[] bytes = new byte[Math.Max(count, 0)];
        Assert.True(Process.Memory.TryRead(buffer, bytes));
        return Encoding.UTF8.GetString(bytes);
    }
}
