using System.Diagnostics;
using Weft.Machine;
using Weft.Native;

namespace Weft.Vm.Doctor;

/// <summary>Runs a small VM that does nothing but system calls, to see that it works and what an exit costs.</summary>
/// <param name="CreateNs">VM and vCPU creation.</param>
/// <param name="ExitNs">Median of an exit and re-entry.</param>
/// <param name="StubAtRing0">The stub runs at CPL 0, as with VMX and SVM.</param>
internal sealed record ExitProbe(long CreateNs, long ExitNs, bool StubAtRing0)
{
    private const ulong CodeAddress = 0x400000;
    private const int Rounds = 200;

    // again: mov eax, 0x7fffffff; syscall; jmp again. No way has such a number, so each call leaves by an exit.
    private static ReadOnlySpan<byte> Code => [0xb8, 0xff, 0xff, 0xff, 0x7f, 0x0f, 0x05, 0xeb, 0xf7];

    /// <summary>Runs it.</summary>
    /// <exception cref="InvalidOperationException">The VM did something else; the message says what.</exception>
    /// <exception cref="Kvm.KvmException">KVM refused.</exception>
    internal static ExitProbe Run()
    {
        long start = Stopwatch.GetTimestamp();
        using GuestMachine machine = new();
        GuestPageTables tables = machine.CreatePageTables();
        GuestPhysicalAddress page = machine.Memory.Reserve(GuestPhysicalMemory.PageSize, CodeAddress)
            ?? throw new InvalidOperationException("no guest memory can be reserved");
        machine.Memory.EnsureSlots(page, GuestPhysicalMemory.PageSize);
        HostStubs.TryWrite(machine.Memory.HostOf(page), Code);
        tables.Map(new(CodeAddress), page, GuestPhysicalMemory.PageSize, PageAccess.Read | PageAccess.Execute);
        using Vcpu vcpu = machine.CreateVcpu(tables);
        long created = Stopwatch.GetTimestamp();
        vcpu.StartAt(new(CodeAddress), default);
        long[] ticks = new long[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            long before = Stopwatch.GetTimestamp();
            if (vcpu.Run() != VcpuExit.SystemCall)
                throw new InvalidOperationException("the probe VM stopped for another reason: " + vcpu.Describe());
            ticks[round] = Stopwatch.GetTimestamp() - before;
        }
        Array.Sort(ticks);
        return new ExitProbe(Nanoseconds(created - start), Nanoseconds(ticks[Rounds / 2]), vcpu.StubRunsAtRing0);
    }

    private static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));
}
