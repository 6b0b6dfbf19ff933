using Weft.Kvm;
using Weft.Native;

namespace Weft.Machine;

/// <summary>
/// One vCPU seen as ring 3: between runs its registers are always the program's, whether a system call, an
/// exception or a kick stopped it.
/// </summary>
/// <remarks>Owned by the thread that runs it; another thread may touch it only while that thread waits.</remarks>
public sealed unsafe class Vcpu : IDisposable
{
    private const uint MsrStar = 0xc000_0081, MsrLstar = 0xc000_0082, MsrFmask = 0xc000_0084, MsrTscAux = 0xc000_0103;
    private const ulong SegmentSelectors = 0x0023_0010_0000_0000;
    private const ulong Cr0 = 0x8005_0033, Cr4 = 0x10620, Cr4OsXsave = 1 << 18, Efer = 0xd01;
    private const ulong InterruptFlag = 0x200, AlwaysSet = 2;
    private const ulong EntryFlagsCleared = 0x47700;

    /// <summary>Flags that a program may set: CF PF AF ZF SF TF DF OF NT AC ID. Source: Linux FIX_EFLAGS, plus NT and ID.</summary>
    private const ulong ProgramFlags = 0x244dd5;
    private const ulong FrameBytes = 40;
    private const ulong ResumeFlag = 0x10000;
    private const int ProgramAddressBits = 47, GeneralProtection = 13;

    private readonly KvmVcpu _kvm;
    private readonly HostAddress _block;
    private readonly ulong _blockAddress;
    private readonly GuestMachine _machine;
    private readonly ClockPage _clock = new();
    private Errno _failure;

    internal Vcpu(GuestMachine machine, KvmVcpu kvm, GuestPageTables tables, HostAddress block, ulong blockAddress)
    {
        _machine = machine;
        _kvm = kvm;
        _block = block;
        _blockAddress = blockAddress;
        Slot = new SystemCallSlot(block, blockAddress);
        KvmSpecialRegisters special = kvm.ReadSpecialRegisters();
        bool xsave = kvm.TryWriteXcr0(SupportedXcr0());
        SetUpSpecialRegisters(ref special, tables.Root.Value, xsave);
        kvm.WriteSpecialRegisters(special);
        kvm.SpecialRegisters = special;
        kvm.TryWriteMsr(MsrStar, SegmentSelectors);
        kvm.TryWriteMsr(MsrFmask, EntryFlagsCleared);
        kvm.TryWriteMsr(MsrTscAux, (ulong)kvm.Index);
        if (!kvm.TryWriteMsr(MsrLstar, blockAddress + SystemLayout.SystemCallStub))
            throw new KvmException("KVM refuses the system-call entry point (LSTAR)", Errno.EINVAL, "run './weft doctor' for what this host offers");
    }

    /// <summary>The vCPU's number.</summary>
    public int Index => _kvm.Index;

    /// <summary>The program's general registers, RIP and RFLAGS. Call <see cref="RegistersChanged"/> after a change.</summary>
    public ref KvmRegisters Registers => ref _kvm.Registers;

    /// <summary>The page through which the stub asks for calls without an exit.</summary>
    public SystemCallSlot Slot { get; }

    /// <summary>Whether the last system call entered the stub at CPL 0, as hardware does; a shadow-paging KVM leaves it at 3.</summary>
    public bool StubRunsAtRing0 { get; private set; }

    /// <summary>The exception's vector after <see cref="VcpuExit.Exception"/>.</summary>
    public int Vector { get; private set; }

    /// <summary>The exception's error code, 0 where the vector has none.</summary>
    public ulong ErrorCode { get; private set; }

    /// <summary>The address of a page fault.</summary>
    public GuestVirtualAddress FaultAddress { get; private set; }

    /// <summary>Size of the state in <see cref="ReadVectorState"/>.</summary>
    public int VectorStateBytes => _kvm.XsaveBytes;

    /// <summary>XCR0: the vector state that the program can use.</summary>
    public ulong EnabledVectorState => _kvm.ReadXcr0();

    /// <summary>The base of FS: the thread pointer.</summary>
    public ulong FsBase
    {
        get => _kvm.SpecialRegisters.Fs.Base;
        set
        {
            _kvm.SpecialRegisters.Fs.Base = value;
            _kvm.MarkSpecialRegistersChanged();
        }
    }

    /// <summary>The base of GS.</summary>
    public ulong GsBase
    {
        get => _kvm.SpecialRegisters.Gs.Base;
        set
        {
            _kvm.SpecialRegisters.Gs.Base = value;
            _kvm.MarkSpecialRegistersChanged();
        }
    }

    /// <summary>The registers are to be loaded at the next run.</summary>
    public void RegistersChanged()
    {
        Registers.Rflags = (Registers.Rflags & ProgramFlags) | InterruptFlag | AlwaysSet;
        _kvm.MarkRegistersChanged();
    }

    /// <summary>Sets all general registers to 0 but these, for a program's or thread's first instruction.</summary>
    public void StartAt(GuestVirtualAddress instruction, GuestVirtualAddress stack)
    {
        Registers = new KvmRegisters { Rip = instruction.Value, Rsp = stack.Value };
        RegistersChanged();
    }

    /// <summary>Takes all that a program can see in registers from another vCPU, which must be stopped. The caller sets what differs.</summary>
    public void CopyProgramStateFrom(Vcpu other)
    {
        Registers = other.Registers;
        RegistersChanged();
        FsBase = other.FsBase;
        GsBase = other.GsBase;
        byte[] state = new byte[VectorStateBytes];
        other.ReadVectorState(state);
        TryWriteVectorState(state);
    }

    /// <summary>x87, SSE, AVX and AVX-512 state in the standard XSAVE format, <see cref="VectorStateBytes"/> long.</summary>
    public void ReadVectorState(Span<byte> area) => _kvm.ReadXsave(area);

    /// <summary>Loads vector state. False when the processor would refuse it.</summary>
    public bool TryWriteVectorState(ReadOnlySpan<byte> area) => _kvm.TryWriteXsave(area);

    /// <summary>The time-stamp counter's rate in kHz, or 0 when unknown.</summary>
    public long TscKhz => _kvm.TscKhz;

    /// <summary>
    /// Set by whoever wants the vCPU's thread to look up, before it kicks that thread. Lies in the vCPU's own stack page,
    /// far below any frame, where the program cannot reach it.
    /// </summary>
    public ref int PendingWord => ref *(int*)PendingAddress;

    /// <summary>The host address of <see cref="PendingWord"/>, for <see cref="HostStubs.CallInterruptible"/>.</summary>
    public nint PendingAddress => (nint)(_block.Value + SystemLayout.ExceptionStack);

    /// <summary>Runs the program until something needs the VMM, or <see cref="PendingWord"/> is set.</summary>
    public VcpuExit Run()
    {
        if (Registers.Rip >> ProgramAddressBits != 0)
            return NonCanonicalInstruction();
        long result;
        do
        {
            result = _kvm.Run(PendingAddress);
            if (result < 0)
                return FailedRun((Errno)(-result));
        }
        while (_kvm.ExitReason == KvmExitReason.Mmio && AnsweredDevicePage());
        if (_kvm.ExitReason == KvmExitReason.Io)
        {
            int port = _kvm.IoPort;
            if (port == SystemLayout.SystemCallPort && _kvm.IoIsWrite && InStubPage(Registers.Rip))
                return FinishSystemCallEntry();
            int vector = port - SystemLayout.FirstExceptionPort;
            if ((uint)vector < SystemLayout.ExceptionCount && _kvm.IoIsWrite && InExceptionStubs(Registers.Rip))
                return FinishException(vector);
            return ForgedPort();
        }
        return VcpuExit.Unsupported;
    }

    /// <summary>One line on the last exit, for a bug report.</summary>
    public string Describe() =>
        $"{(_failure == Errno.None ? "" : $"KVM_RUN {_failure}, last ")}KVM exit {_kvm.ExitReason} detail 0x{_kvm.ExitDetail:x} at rip 0x{Registers.Rip:x} rsp 0x{Registers.Rsp:x} cs 0x{_kvm.SpecialRegisters.Cs.Selector:x} cr2 0x{_kvm.SpecialRegisters.Cr2:x}";

    /// <summary>Closes the vCPU's descriptor.</summary>
    public void Dispose() => _kvm.Dispose();

    /// <summary>
    /// Answers an access to a trapping doorbell that KVM did not take itself, or to the clock behind it. False when the access
    /// was to something else.
    /// </summary>
    private bool AnsweredDevicePage()
    {
        const ulong page = GuestPhysicalMemory.PageSize;
        if (_machine.Doorbell is not { } doorbell || _kvm.MmioAddress - doorbell.Physical.Value >= 2 * page)
            return false;
        ulong offset = _kvm.MmioAddress - doorbell.Physical.Value;
        if (!_kvm.MmioIsWrite)
            _kvm.AnswerMmioLoad(offset < page ? 0 : _clock.Load(offset - page, _kvm.MmioBytes));
        else if (offset < page)
            doorbell.Ring();
        return true;
    }

    private VcpuExit FinishSystemCallEntry()
    {
        ref KvmRegisters registers = ref Registers;
        registers.Rip = registers.Rcx;
        registers.Rflags = registers.R11;
        RegistersChanged();
        StubRunsAtRing0 = _kvm.SpecialRegisters.Cs.Dpl == 0;
        LoadUserSegments();
        return VcpuExit.SystemCall;
    }

    /// <summary>A sigreturn or a jump into the stub can ask for it; entering the guest like this would fail on VMX.</summary>
    private VcpuExit NonCanonicalInstruction()
    {
        Vector = GeneralProtection;
        ErrorCode = 0;
        return VcpuExit.Exception;
    }

    private VcpuExit FailedRun(Errno errno)
    {
        // A kick can arrive when the processor has pushed an exception's frame and not left the stub yet.
        if (InExceptionStubs(Registers.Rip) && _kvm.SpecialRegisters.Cs.Dpl == 0)
            return FinishException((int)((Registers.Rip - SystemLayout.ExceptionStubs) / SystemLayout.ExceptionStubBytes));
        if (InStubPage(Registers.Rip))
        {
            bool complete = Slot.Unwind(ref Registers);
            RegistersChanged();
            LoadUserSegments();
            return complete ? VcpuExit.Interrupted : VcpuExit.SystemCall;
        }
        _failure = errno;
        return errno switch
        {
            Errno.EINTR or Errno.EAGAIN => VcpuExit.Interrupted,
            Errno.EFAULT => VcpuExit.MemoryError,
            _ => VcpuExit.Unsupported,
        };
    }

    /// <summary>Takes the program's state from the frame that the processor pushed. Source: Intel SDM volume 3, 6.14.</summary>
    private VcpuExit FinishException(int vector)
    {
        Vector = vector;
        // SAFETY: the frame lies at a fixed place in the vCPU's own stack page, which the program cannot reach.
        ulong* frame = (ulong*)(_block.Value + SystemLayout.VcpuBlockBytes - FrameBytes);
        bool hasErrorCode = vector is 8 or (>= 10 and <= 14) or 17 or 21 or 29 or 30;
        ErrorCode = hasErrorCode ? frame[-1] & 0xffff_ffff : 0;
        FaultAddress = new GuestVirtualAddress(_kvm.SpecialRegisters.Cr2);
        ref KvmRegisters registers = ref Registers;
        registers.Rip = frame[0];
        registers.Rflags = frame[2] & ~ResumeFlag;
        registers.Rsp = frame[3];
        RegistersChanged();
        LoadUserSegments();
        return VcpuExit.Exception;
    }

    /// <summary>The program itself used a port of ours, outside the stub: a general protection fault, as on Linux.</summary>
    private VcpuExit ForgedPort()
    {
        Vector = GeneralProtection;
        ErrorCode = 0;
        KvmRegisters kept = Registers;
        _kvm.FinishExit();
        // Where KVM emulates the instruction an output is over already, and nothing tells its length: 1 byte by DX, else 2.
        if (Registers.Rip == kept.Rip)
            kept.Rip -= (ushort)kept.Rdx == SystemLayout.SystemCallPort ? 1UL : 2UL;
        Registers = kept;
        RegistersChanged();
        LoadUserSegments();
        return VcpuExit.Exception;
    }

    private bool InStubPage(ulong address) => address - _blockAddress < GuestPhysicalMemory.PageSize;

    private static bool InExceptionStubs(ulong address) => address - SystemLayout.ExceptionStubs < GuestPhysicalMemory.PageSize;

    private void LoadUserSegments()
    {
        ref KvmSpecialRegisters special = ref _kvm.SpecialRegisters;
        if (special.Cs.Selector == SystemLayout.UserCode && special.Ss.Selector == SystemLayout.UserData)
            return;
        special.Cs = CodeSegment();
        special.Ss = DataSegment();
        _kvm.MarkSpecialRegistersChanged();
    }

    private void SetUpSpecialRegisters(ref KvmSpecialRegisters special, ulong pageTableRoot, bool xsave)
    {
        special.Cr0 = Cr0;
        special.Cr3 = pageTableRoot;
        special.Cr4 = Cr4 | (xsave ? Cr4OsXsave : 0);
        special.Efer = Efer;
        special.Cs = CodeSegment();
        special.Ss = special.Ds = special.Es = special.Fs = special.Gs = DataSegment();
        special.Tr = new KvmSegment
        {
            Base = _blockAddress + SystemLayout.Tables + SystemLayout.TaskState,
            Limit = (uint)(SystemLayout.TaskStateBytes + SystemLayout.PortBitmapBytes - 1),
            Selector = SystemLayout.TaskSelector,
            Type = 11,
            Present = 1,
        };
        special.Ldt = new KvmSegment { Unusable = 1 };
        special.Gdt.Base = _blockAddress + SystemLayout.Tables;
        special.Gdt.Limit = SystemLayout.GdtLimit;
        special.Idt.Base = SystemLayout.InterruptTable;
        special.Idt.Limit = SystemLayout.ExceptionCount * 16 - 1;
    }

    private static KvmSegment CodeSegment() => new()
    { Limit = uint.MaxValue, Selector = SystemLayout.UserCode, Type = 11, Present = 1, Dpl = 3, S = 1, L = 1, G = 1 };

    private static KvmSegment DataSegment() => new()
    { Limit = uint.MaxValue, Selector = SystemLayout.UserData, Type = 3, Present = 1, Dpl = 3, Db = 1, S = 1, G = 1 };

    private static ulong SupportedXcr0()
    {
        const int extendedStateLeaf = 13;
        (int eax, _, _, int edx) = System.Runtime.Intrinsics.X86.X86Base.CpuId(extendedStateLeaf, 0);
        const ulong x87SseAvxAvx512 = 0xe7;
        return ((uint)eax | (ulong)(uint)edx << 32) & x87SseAvxAvx512 | 3;
    }
}
