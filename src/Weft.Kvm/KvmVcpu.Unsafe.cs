using System.Runtime.CompilerServices;
using Weft.Native;

namespace Weft.Kvm;

/// <summary>One virtual processor: runs it, and gives typed access to its registers through the run page.</summary>
/// <remarks>
/// Owned by the thread that runs it: registers may be touched only by that thread, or by another
/// one while the owner waits for it.
/// </remarks>
public sealed unsafe class KvmVcpu : IDisposable
{
    private const ulong SyncGeneral = 1, SyncSpecial = 2;
    private const int ExitReasonOffset = 8, ExitDataOffset = 32;
    private const int ValidOffset = 288, DirtyOffset = 296, RegistersOffset = 304, SpecialOffset = RegistersOffset + 144;
    private readonly byte* _run;
    private readonly int _runPageSize;
    private readonly bool _hasXsave2;
    private readonly int _xsaveBytes;
    private int _descriptor;

    internal KvmVcpu(KvmSystem system, int descriptor, int index)
    {
        const int readWrite = 3, shared = 1;
        _descriptor = descriptor;
        Index = index;
        _runPageSize = system.RunPageSize;
        long page = HostStubs.Call(SystemCall.Mmap, 0, _runPageSize, readWrite, shared, descriptor, 0);
        if (page is < 0 and > -4096)
            throw new KvmException("cannot map a vCPU's run page", (Errno)(-page), "free some memory");
        _run = (byte*)page;
        int xsave2 = system.Check(KvmCapability.XSave2);
        _hasXsave2 = xsave2 > 4096;
        _xsaveBytes = Math.Max(4096, xsave2);
        fixed (byte* leaves = system.SupportedCpuid)
            Ensure(KvmSystem.Ioctl(descriptor, KvmIoctl.SetCpuid2, (long)leaves), "set CPUID");
        *(ulong*)(_run + ValidOffset) = SyncGeneral | SyncSpecial;
    }

    /// <summary>The vCPU's number in its VM.</summary>
    public int Index { get; }

    /// <summary>Size in bytes of the state that <see cref="ReadXsave"/> gives.</summary>
    public int XsaveBytes => _xsaveBytes;

    /// <summary>
    /// Runs the guest until it exits. Returns 0, or -errno: -EINTR when <paramref name="pending"/> was set
    /// or a signal came, -EFAULT when a page behind guest memory cannot be had.
    /// </summary>
    /// <param name="pending">Address of the int that a kick sets; see <see cref="HostStubs.CallInterruptible"/>.</param>
    public long Run(nint pending) =>
        HostStubs.CallInterruptible(pending, SystemCall.Ioctl, _descriptor, (long)(uint)KvmIoctl.Run, 0);

    /// <summary>
    /// Finishes what an exit left half done (an input waits for its value) without running the guest; the registers are
    /// those after the instruction then. Loads no registers. Source: linux/Documentation/virt/kvm/api.rst, immediate_exit.
    /// </summary>
    public void FinishExit()
    {
        const int immediateExitOffset = 1, mostParts = 4;
        _run[immediateExitOffset] = 1;
        // A string instruction may have a second part.
        for (int part = 0; part < mostParts && HostStubs.Call(SystemCall.Ioctl, _descriptor, (long)(uint)KvmIoctl.Run, 0) == 0; part++)
            ;
        _run[immediateExitOffset] = 0;
    }

    /// <summary>Why the last run returned.</summary>
    public KvmExitReason ExitReason => (KvmExitReason)Volatile.Read(ref *(uint*)(_run + ExitReasonOffset));

    /// <summary>The port of an <see cref="KvmExitReason.Io"/> exit. Source: struct kvm_run, member io.</summary>
    public ushort IoPort => *(ushort*)(_run + ExitDataOffset + 2);

    /// <summary>True when an <see cref="KvmExitReason.Io"/> exit is an output.</summary>
    public bool IoIsWrite => _run[ExitDataOffset] == 1;

    /// <summary>The guest physical address of an <see cref="KvmExitReason.Mmio"/> exit.</summary>
    public ulong MmioAddress => *(ulong*)(_run + ExitDataOffset);

    /// <summary>Whether an <see cref="KvmExitReason.Mmio"/> exit is a store. Source: struct kvm_run, member mmio.</summary>
    public bool MmioIsWrite => _run[ExitDataOffset + 20] != 0;

    /// <summary>Bytes of an <see cref="KvmExitReason.Mmio"/> exit's access, 8 at most.</summary>
    public int MmioBytes => *(int*)(_run + ExitDataOffset + 16);

    /// <summary>What an <see cref="KvmExitReason.Mmio"/> exit's load gets at the next run: its bytes in memory, the first one lowest.</summary>
    public void AnswerMmioLoad(ulong bytes)
    {
        // SAFETY: eight bytes of the run page, which is mapped as long as the vCPU lives.
        *(ulong*)(_run + ExitDataOffset + 8) = bytes;
    }

    /// <summary>The sub-reason of <see cref="KvmExitReason.InternalError"/> and <see cref="KvmExitReason.FailEntry"/>.</summary>
    public ulong ExitDetail => *(ulong*)(_run + ExitDataOffset);

    /// <summary>The general registers as of the last exit. After a change call <see cref="MarkRegistersChanged"/>.</summary>
    public ref KvmRegisters Registers => ref Unsafe.AsRef<KvmRegisters>(_run + RegistersOffset);

    /// <summary>The general registers are to be loaded at the next run.</summary>
    public void MarkRegistersChanged() => *(ulong*)(_run + DirtyOffset) |= SyncGeneral;

    /// <summary>The special registers as of the last exit. After a change call <see cref="MarkSpecialRegistersChanged"/>.</summary>
    public ref KvmSpecialRegisters SpecialRegisters => ref Unsafe.AsRef<KvmSpecialRegisters>(_run + SpecialOffset);

    /// <summary>The special registers are to be loaded at the next run.</summary>
    public void MarkSpecialRegistersChanged() => *(ulong*)(_run + DirtyOffset) |= SyncSpecial;

    /// <summary>Reads the general registers from KVM; needed before the first exit and after -EINTR.</summary>
    public void FetchRegisters()
    {
        fixed (KvmRegisters* pointer = &Registers)
            Ensure(KvmSystem.Ioctl(_descriptor, KvmIoctl.GetRegisters, (long)pointer), "read registers");
    }

    /// <summary>The special registers, read from KVM.</summary>
    public KvmSpecialRegisters ReadSpecialRegisters()
    {
        KvmSpecialRegisters registers;
        Ensure(KvmSystem.Ioctl(_descriptor, KvmIoctl.GetSpecialRegisters, (long)&registers), "read special registers");
        return registers;
    }

    /// <summary>Loads the special registers.</summary>
    public void WriteSpecialRegisters(in KvmSpecialRegisters registers)
    {
        KvmSpecialRegisters copy = registers;
        Ensure(KvmSystem.Ioctl(_descriptor, KvmIoctl.SetSpecialRegisters, (long)&copy), "write special registers");
    }

    /// <summary>Sets a model-specific register. False when this host's KVM refuses it.</summary>
    public bool TryWriteMsr(uint index, ulong value)
    {
        MsrList list = new() { Count = 1, Index = index, Data = value };
        return KvmSystem.Ioctl(_descriptor, KvmIoctl.SetMsrs, (long)&list) == 1;
    }

    /// <summary>Reads a model-specific register. False when this host's KVM refuses it.</summary>
    public bool TryReadMsr(uint index, out ulong value)
    {
        MsrList list = new() { Count = 1, Index = index };
        bool read = KvmSystem.Ioctl(_descriptor, KvmIoctl.GetMsrs, (long)&list) == 1;
        value = list.Data;
        return read;
    }

    /// <summary>The time-stamp counter's rate in kHz, or 0 when unknown.</summary>
    public long TscKhz => Math.Max(0, KvmSystem.Ioctl(_descriptor, KvmIoctl.GetTscKhz, 0));

    /// <summary>Reads XCR0: the vector state that is enabled.</summary>
    public ulong ReadXcr0()
    {
        XcrList list;
        return KvmSystem.Ioctl(_descriptor, KvmIoctl.GetXcrs, (long)&list) < 0 || list.Count == 0 ? 3 : list.Value;
    }

    /// <summary>Enables vector state; false when this host's KVM refuses it.</summary>
    public bool TryWriteXcr0(ulong value)
    {
        XcrList list = new() { Count = 1, Value = value };
        return KvmSystem.Ioctl(_descriptor, KvmIoctl.SetXcrs, (long)&list) >= 0;
    }

    /// <summary>Reads the x87, SSE, AVX and AVX-512 state in the standard XSAVE format.</summary>
    /// <param name="area">At least <see cref="XsaveBytes"/> long.</param>
    public void ReadXsave(Span<byte> area)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(area.Length, _xsaveBytes);
        fixed (byte* pointer = area)
            Ensure(KvmSystem.Ioctl(_descriptor, _hasXsave2 ? KvmIoctl.GetXsave2 : KvmIoctl.GetXsave, (long)pointer), "read vector state");
    }

    /// <summary>Loads the vector state. False when KVM finds it invalid (reserved bits).</summary>
    /// <param name="area">At least <see cref="XsaveBytes"/> long.</param>
    public bool TryWriteXsave(ReadOnlySpan<byte> area)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(area.Length, _xsaveBytes);
        fixed (byte* pointer = area)
            return KvmSystem.Ioctl(_descriptor, KvmIoctl.SetXsave, (long)pointer) >= 0;
    }

    /// <summary>Unmaps the run page and closes the descriptor.</summary>
    public void Dispose()
    {
        if (_descriptor < 0)
            return;
        HostStubs.Call(SystemCall.Munmap, (long)_run, _runPageSize);
        HostStubs.CallQuick(SystemCall.Close, _descriptor);
        _descriptor = -1;
    }

    private static void Ensure(long result, string what)
    {
        if (result < 0)
            throw new KvmException($"KVM cannot {what}", (Errno)(-result), "run './weft doctor' for what this host offers");
    }

    /// <summary>struct kvm_msrs with one entry. Source: linux/arch/x86/include/uapi/asm/kvm.h.</summary>
    private struct MsrList
    {
        internal uint Count, Padding0, Index, Padding1;
        internal ulong Data;
    }

    /// <summary>struct kvm_xcrs. Source: linux/arch/x86/include/uapi/asm/kvm.h.</summary>
    private struct XcrList
    {
        internal uint Count, Flags, Xcr, Reserved;
        internal ulong Value;
        private fixed byte _rest[15 * 16 + 16 * 8];
    }
}
